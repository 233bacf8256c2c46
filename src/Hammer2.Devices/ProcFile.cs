// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using Linux.Text;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

/// <summary>Reads the small text files of procfs and sysfs, which may disappear at any time.</summary>
internal static class ProcFile
{
    /// <summary>The lines of a file; none when it does not exist or cannot be read.</summary>
    internal static string[] Lines(string path)
    {
        try
        {
            string text = ByteText.Decode(Read(path)).TrimEnd('\n');
            return text.Length == 0 ? [] : text.Split('\n');
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return []; // callers treat a missing file as unknown
        }
    }

    // The size of these files is unknown before they are read; the size that sysfs reports is wrong.
    private static byte[] Read(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        var bytes = new List<byte>();
        byte[] piece = new byte[4096];
        int count;
        while ((count = RandomAccess.Read(file, piece, bytes.Count)) > 0) bytes.AddRange(piece.AsSpan(0, count));
        return [.. bytes];
    }
}
