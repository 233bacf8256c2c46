// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using Hammer2.Tool.Extract;
using Hammer2.Tool.Populate;
using Linux.Text;

namespace Hammer2.Tool.Output;

/// <summary>Writes a file that readers see as a whole or as it was before: under another name beside it, which then
/// replaces it.</summary>
internal static class ReplacedFile
{
    private const uint RegularFile = 0x8000;
    private const int NoEntry = 2;                  // ENOENT

    /// <summary>Writes one.</summary>
    /// <param name="path">Its path. What is there must be a regular file: renaming over a device node or a link would
    /// remove that.</param>
    /// <param name="write">Writes its content.</param>
    /// <exception cref="CommandException">It cannot be written; what was there is unchanged.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        int error = SourceFiles.Status(LinuxFiles.AtCurrentDirectory, ByteText.Encode(path), out LinuxFiles.FileStatus found);
        if (error == 0 && found.Type != RegularFile)
            throw new CommandException(ExitCode.CannotOpen, $"{path}: is not a regular file, and is not replaced");
        if (error is not (0 or NoEntry))
            throw new CommandException(ExitCode.CannotOpen, $"{path}: {LinuxFiles.Describe(error)}");
        string begun = path + ".new-" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        bool isDone = false;
        try
        {
            using (var file = new FileStream(begun, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(begun, path, overwrite: true);
            isDone = true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.CannotOpen, $"{path}: {failure.Message}", failure);
        }
        finally
        {
            if (!isDone) Remove(begun);
        }
    }

    // The failure that led here is the one to report.
    private static void Remove(string begun)
    {
        try
        {
            File.Delete(begun);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
        }
    }
}
