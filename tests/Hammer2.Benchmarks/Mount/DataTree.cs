// SPDX-License-Identifier: BSD-3-Clause

using System.Globalization;
using System.IO;
using System.Text;

namespace Hammer2.Benchmarks.Mount;

/// <summary>
/// Makes the tree that is measured. The same seed and scale give the same bytes on every machine. At scale 1:
/// <c>big/</c> with 512 MiB of incompressible data (inc.bin) and of text (lz4.bin), four 128 MiB files of
/// each kind (p0-p3, z0-z3); <c>t50k/</c> 50,000 files of 0 to 300 bytes in 500 directories; <c>d20k/</c> one
/// directory of 20,000 files; <c>s20k/</c> 20,000 files of 1 to 16 KiB of source-like text.
/// </summary>
internal sealed class DataTree(string root, int seed, double scale)
{
    private const int MebiByte = 1 << 20;
    private static readonly string[] s_words =
    [
        "inode", "chain", "return", "static", "if", "else", "while", "for", "cluster", "int", "void", "error",
        "lock", "unlock", "parent", "flags", "data", "key", "offset", "(", ")", "{", "}", ";", "=", "==",
        "0x",
    ];

    private readonly string[] _templates = MakeTemplates(new Random(seed));

    /// <summary>Writes everything; what is there already under the same names is replaced.</summary>
    internal void Write(TextWriter progress)
    {
        progress.WriteLine($"writing {root}/big");
        WriteBigFiles(Directory.CreateDirectory(Path.Combine(root, "big")).FullName);
        progress.WriteLine($"writing {root}/t50k");
        WriteTinyFiles(new Random(seed + 2));
        progress.WriteLine($"writing {root}/d20k");
        WriteWideDirectory(new Random(seed + 3));
        progress.WriteLine($"writing {root}/s20k");
        WriteSources(new Random(seed + 4));
    }

    private int Scaled(int count) => Math.Max(1, (int)(count * scale));

    private static string[] MakeTemplates(Random random)
    {
        string[] templates = new string[300];
        for (int i = 0; i < templates.Length; i++)
        {
            var line = new StringBuilder();
            for (int words = random.Next(4, 14); words > 0; words--)
            {
                line.Append(s_words[random.Next(s_words.Length)]).Append(' ');
            }
            templates[i] = line.ToString();
        }
        return templates;
    }

    /// <summary>
    /// Lines out of a fixed set, some with numbers: about 3:1 under LZ4, as source code is.
    /// </summary>
    private byte[] Text(Random random, int bytes)
    {
        var text = new StringBuilder(bytes + 128);
        while (text.Length < bytes)
        {
            text.Append(_templates[random.Next(_templates.Length)]);
            if (random.NextDouble() < 0.35)
            {
                text.Append(CultureInfo.InvariantCulture, $"v{random.Next(100)} = ")
                    .Append(CultureInfo.InvariantCulture, $"0x{random.Next(1 << 20):x};");
            }
            text.Append('\n');
        }
        return Encoding.ASCII.GetBytes(text.ToString(0, bytes));
    }

    private void WriteBigFiles(string directory)
    {
        WriteRandom(Path.Combine(directory, "inc.bin"), Scaled(512), new Random(seed + 10));
        WriteText(Path.Combine(directory, "lz4.bin"), Scaled(512), new Random(seed + 11));
        for (int i = 0; i < 4; i++)
        {
            WriteRandom($"{directory}/p{(char)('0' + i)}", Scaled(128), new Random(seed + 20 + i));
            WriteText($"{directory}/z{(char)('0' + i)}", Scaled(128), new Random(seed + 30 + i));
        }
    }

    private static void WriteRandom(string path, int mebiBytes, Random random)
    {
        byte[] block = new byte[MebiByte];
        using FileStream file = File.Create(path);
        for (; mebiBytes > 0; mebiBytes--)
        {
            random.NextBytes(block);
            file.Write(block);
        }
    }

    /// <summary>
    /// Pieces of one text, cut at random and parted by random bytes: no 64 KiB block occurs twice.
    /// </summary>
    private void WriteText(string path, int mebiBytes, Random random)
    {
        byte[] pool = Text(random, 4 * MebiByte);
        byte[] block = new byte[MebiByte];
        using FileStream file = File.Create(path);
        for (; mebiBytes > 0; mebiBytes--)
        {
            for (int filled = 0; filled < block.Length;)
            {
                int piece = Math.Min(random.Next(64, 2048), block.Length - filled);
                pool.AsSpan(random.Next(pool.Length - piece), piece).CopyTo(block.AsSpan(filled));
                filled += piece;
                int noise = Math.Min(16, block.Length - filled);
                random.NextBytes(block.AsSpan(filled, noise));
                filled += noise;
            }
            file.Write(block);
        }
    }

    private void WriteTinyFiles(Random random)
    {
        for (int directory = 0; directory < Scaled(500); directory++)
        {
            string path = string.Create(CultureInfo.InvariantCulture,
                $"{root}/t50k/dir{directory / 25:d2}/sub_{directory % 25:d2}");
            Directory.CreateDirectory(path);
            for (int i = 0; i < 100; i++)
            {
                File.WriteAllBytes(string.Create(CultureInfo.InvariantCulture, $"{path}/file_{i:d3}.txt"),
                    Text(random, random.Next(300)));
            }
        }
    }

    private void WriteWideDirectory(Random random)
    {
        string path = Directory.CreateDirectory(Path.Combine(root, "d20k")).FullName;
        byte[] contents = new byte[64];
        for (int i = 0; i < Scaled(20_000); i++)
        {
            random.NextBytes(contents);
            File.WriteAllBytes(string.Create(CultureInfo.InvariantCulture,
                $"{path}/entry-{i:d5}-{random.Next(1 << 24):x6}"), contents);
        }
    }

    private void WriteSources(Random random)
    {
        for (int directory = 0; directory < Scaled(200); directory++)
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"{root}/s20k/pkg{directory:d3}");
            Directory.CreateDirectory(path);
            for (int i = 0; i < 100; i++)
            {
                File.WriteAllBytes(string.Create(CultureInfo.InvariantCulture, $"{path}/src_{i:d3}.c"),
                    Text(random, random.Next(1024, 16384)));
            }
        }
    }
}
