// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using BenchmarkDotNet.Attributes;
using Hammer2.Format;

namespace Hammer2.Benchmarks.Micro;

/// <summary>
/// One file block of 64 KiB through each codec. liblz4, which the program itself does not use, is what the managed
/// codec has to stand beside.
/// </summary>
[MemoryDiagnoser]
public class Lz4Benchmarks
{
    private readonly byte[] _output = new byte[Media.FileBlockBytes];
    private readonly byte[] _scratch = new byte[Media.FileBlockBytes * 2];
    private byte[] _plain = [];
    private byte[] _lz4 = [];
    private byte[] _zlib = [];

    /// <summary>Text repeats at distances that differ; noise of few letters has short matches only, which is
    /// the worst case of a decoder; zeros are one long match.</summary>
    [Params("text", "letters", "zeros")]
    public string Content { get; set; } = "text";

    [GlobalSetup]
    public void Setup()
    {
        _plain = Content switch
        {
            "text" => Text(),
            "letters" => Letters(),
            _ => new byte[Media.FileBlockBytes],
        };
        int encoded = compress_default(_plain, _scratch, _plain.Length, _scratch.Length);
        _lz4 = _scratch[..encoded];
        using var memory = new MemoryStream();
        using (var zlib = new ZLibStream(memory, CompressionLevel.Optimal)) zlib.Write(_plain);
        _zlib = memory.ToArray();
    }

    [Benchmark(Baseline = true)]
    public bool DecodeManaged() => Lz4.TryDecode(_lz4, _output, out _);

    [Benchmark]
    public int DecodeLiblz4() => decompress_safe(_lz4, _output, _lz4.Length, _output.Length);

    [Benchmark]
    public Hammer2Error DecodeZlib() => BlockCodec.Decode(CompressionMethod.Zlib, _zlib, _output, out _);

    [Benchmark]
    public bool EncodeManaged() => Lz4.TryEncode(_plain, _scratch, out _);

    [Benchmark]
    public int EncodeLiblz4() => compress_default(_plain, _scratch, _plain.Length, _scratch.Length);

    private static byte[] Text()
    {
        var text = new StringBuilder();
        for (int line = 0; text.Length < Media.FileBlockBytes; line++)
        {
            _ = text.Append(
                System.Globalization.CultureInfo.InvariantCulture,
                $"line {line:D5} of {line * 7919 % 1000}\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, Media.FileBlockBytes));
    }

    private static byte[] Letters()
    {
        var random = new Random(1);
        var bytes = new byte[Media.FileBlockBytes];
        foreach (ref byte value in bytes.AsSpan()) value = "ab c"u8[random.Next(4)];
        return bytes;
    }

    [DllImport("liblz4.so.1", EntryPoint = "LZ4_decompress_safe")]
    private static extern int decompress_safe(byte[] source, byte[] target, int sourceBytes, int targetBytes);

    [DllImport("liblz4.so.1", EntryPoint = "LZ4_compress_default")]
    private static extern int compress_default(
        byte[] source, byte[] target, int sourceBytes, int targetBytes);
}
