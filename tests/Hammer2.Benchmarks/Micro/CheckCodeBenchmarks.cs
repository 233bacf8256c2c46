// SPDX-License-Identifier: BSD-3-Clause
using BenchmarkDotNet.Attributes;
using Hammer2.Format;

namespace Hammer2.Benchmarks.Micro;

/// <summary>Every check method over the two sizes that matter: an inode and a full file block.</summary>
[MemoryDiagnoser]
public class CheckCodeBenchmarks
{
    private readonly byte[] _code = new byte[Sha192.SizeBytes];
    private readonly byte[] _zeros = new byte[Media.FileBlockBytes];
    private byte[] _block = [];

    [Params(Media.InodeBytes, Media.FileBlockBytes)]
    public int SizeBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _block = new byte[SizeBytes];
        new Random(1).NextBytes(_block);
    }

    [Benchmark(Baseline = true)]
    public ulong Xxh64() => CheckCode.Hash64(_block);

    [Benchmark]
    public uint Crc32C() => IscsiCrc32.Compute(_block);

    [Benchmark]
    public uint Crc32CByTable() => IscsiCrc32.ComputeByTable(_block);

    [Benchmark]
    public void FoldedSha256() => Sha192.Hash(_block, _code);

    [Benchmark]
    public bool IsAllZeroOfZeros() => BlockCodec.IsAllZero(_zeros.AsSpan(0, SizeBytes));
}
