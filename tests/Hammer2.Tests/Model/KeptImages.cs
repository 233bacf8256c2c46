// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Threading;
using Hammer2.Devices;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Model;

/// <summary>
/// Keeps what tests wrote as sparse files in the directory that HAMMER2_SAVE_IMAGES names, for checkers that are not
/// part of this repository. Nothing is kept without it.
/// </summary>
internal static class KeptImages
{
    private const int CopyBytes = 64 << 10;

    // Larger ones are many for the space of a directory in memory.
    private const long BytesMax = 1L << 30;

    private static int s_count;

    /// <summary>Keeps a device as it is now.</summary>
    /// <param name="device">What to keep.</param>
    /// <param name="place">Where it comes from; the file's name is made of its letters and digits.</param>
    public static void Keep(IBlockDevice device, string place)
    {
        if (Environment.GetEnvironmentVariable("HAMMER2_SAVE_IMAGES") is not { Length: > 0 } directory) return;
        if (device.LengthBytes > BytesMax) return;
        char[] name = place.ToCharArray();
        for (int i = 0; i < name.Length; i++)
            if (!char.IsAsciiLetterOrDigit(name[i]) && name[i] != '.') name[i] = '-';
        string file = $"{new string(name)}.{Interlocked.Increment(ref s_count)}.img";
        Save(device, Path.Combine(directory, file));
    }

    private static void Save(IBlockDevice device, string path)
    {
        using FileStream file = File.Create(path);
        byte[] part = new byte[CopyBytes];
        for (long at = 0; at < device.LengthBytes; at += part.Length)
        {
            int length = (int)Math.Min(part.Length, device.LengthBytes - at);
            Assert.Equal(Hammer2Error.None, device.Read(at, part.AsSpan(0, length)));
            if (!part.AsSpan(0, length).ContainsAnyExcept((byte)0)) continue;
            file.Position = at;
            file.Write(part, 0, length);
        }
        file.SetLength(device.LengthBytes);
    }
}
