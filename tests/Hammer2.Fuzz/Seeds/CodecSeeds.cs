// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Text;
using Hammer2.Testing;

namespace Hammer2.Fuzz.Seeds;

/// <summary>Blocks of text, of runs, of noise and of mixtures, encoded.</summary>
internal static class CodecSeeds
{
    private static readonly int[] Lengths = [100, 1024, 3000];

    /// <summary>LZ4 blocks, with room for 64 KiB.</summary>
    public static IEnumerable<byte[]> Lz4()
    {
        foreach (byte[] plain in Plain())
        {
            byte[] encoded = new byte[plain.Length + 64];
            if (Hammer2.Format.Lz4.TryEncode(plain, encoded, out int bytes))
                yield return new InputWriter().Word(0).Add(encoded.AsSpan(0, bytes)).ToArray();
        }
        // A run, and a match at a distance of 15 with lengths that take several bytes each.
        yield return new InputWriter().Word(0).Add(Convert.FromHexString("1F610100FF80506263646566")).ToArray();
        yield return new InputWriter().Word(9).Add(Convert.FromHexString("1061010030787979")).ToArray();
    }

    /// <summary>Zlib streams of several levels, with room for 64 KiB.</summary>
    public static IEnumerable<byte[]> Zlib()
    {
        int level = 0;
        foreach (byte[] plain in Plain())
        {
            using var memory = new MemoryStream();
            var options = new ZLibCompressionOptions { CompressionLevel = level++ % 10 };
            using (var zlib = new ZLibStream(memory, options, leaveOpen: true)) zlib.Write(plain);
            yield return new InputWriter().Word(0).Add(memory.ToArray()).ToArray();
        }
    }

    private static IEnumerable<byte[]> Plain()
    {
        var random = new SeededRandom(1);
        foreach (int length in Lengths)
        {
            var text = new StringBuilder();
            while (text.Length < length)
                text.Append("line ").Append(random.Below(999)).Append(" of text, again and again\n");
            byte[] words = Encoding.ASCII.GetBytes(text.ToString(0, length));
            yield return words;
            yield return new byte[length];
            byte[] noise = new byte[length / 4];
            random.Fill(noise);
            yield return noise;
            noise.CopyTo(words, 0);
            yield return words;
        }
    }
}
