// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>A copy of a golden image that may be written to, deleted in the end.</summary>
internal sealed class ScratchImage : IDisposable
{
    private const int SampleBytes = 64;
    private const int BlockBytes = 1024;            // no block of data starts anywhere else

    /// <summary>Copies an image file, sparse.</summary>
    public ScratchImage(string name)
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"hammer2-{Guid.NewGuid():N}.img");
        ProgramResult result = HammerProgram.RunAny("cp", "--sparse=always", GoldenImage.Path(name), Path);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    /// <summary>Path of the image.</summary>
    public string Path { get; }

    /// <summary>Blocks that were damaged.</summary>
    public int DamagedTotal { get; private set; }

    /// <summary>Flips a byte in each block that holds a piece of these contents as they are, that is, not
    /// compressed.</summary>
    public void Damage(byte[] contents)
    {
        byte[] image = File.ReadAllBytes(Path);
        using FileStream file = File.OpenWrite(Path);
        for (int start = 0; start + SampleBytes <= contents.Length; start += 65536)
        {
            ReadOnlySpan<byte> sample = contents.AsSpan(start, SampleBytes);
            if (!sample.ContainsAnyExcept((byte)0)) continue;
            for (int at = 0; (at = Next(image, sample, at)) >= 0; at += BlockBytes)
            {
                file.Position = at + 17;
                file.WriteByte((byte)(image[at + 17] ^ 0x55));
                DamagedTotal++;
            }
        }
    }

    public void Dispose() => File.Delete(Path);

    private static int Next(ReadOnlySpan<byte> image, ReadOnlySpan<byte> sample, int from)
    {
        int found = from < image.Length ? image[from..].IndexOf(sample) : -1;
        if (found < 0) return -1;
        int at = from + found;
        return at % BlockBytes == 0 ? at : Next(image, sample, at + 1);
    }
}
