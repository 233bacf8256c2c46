// SPDX-License-Identifier: BSD-3-Clause
using System.IO;

namespace Hammer2.Devices;

/// <summary>Reads the small text files of procfs and sysfs, which may go away with what they describe.</summary>
internal static class ProcFile
{
    /// <summary>The lines of a file; none when it is not there or may not be read.</summary>
    internal static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return []; // callers take what is missing for unknown
        }
    }
}
