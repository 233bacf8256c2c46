// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.Extract;
using Hammer2.Tool.Populate;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>Reads files of the directory <c>.hammer2</c> of a mount.</summary>
internal static class VirtualFile
{
    private const int ContentBytesMax = 1 << 20;
    private const int NoEntry = 2;                  // ENOENT

    /// <summary>Reads one.</summary>
    /// <param name="path">A directory in the mount.</param>
    /// <param name="name">The name of the file.</param>
    /// <returns>Its content, and its path for messages.</returns>
    /// <exception cref="CommandException">The directory is not in a mount of HAMMER2, or the caller may not
    /// ask.</exception>
    public static (byte[] Content, string File) Read(string path, string name)
    {
        if (!MountHandle.IsInMount(path))
            throw new CommandException(ExitCode.CannotOpen, $"{path}: is not in a HAMMER2 mount");
        string file = MountRoot.Of(path) + "/.hammer2/" + name;
        return (ReadAll(file), file);
    }

    private static byte[] ReadAll(string path)
    {
        int error = SourceFiles.Open(
            LinuxFiles.AtCurrentDirectory, ByteText.Encode(path), isDirectory: false, out int descriptor);
        if (error == NoEntry)
            throw new CommandException(ExitCode.CannotOpen, $"{path}: the volume has an entry of its own of that name");
        if (error != 0) throw new CommandException(ExitCode.CannotOpen, $"{path}: {LinuxFiles.Describe(error)}");
        byte[] buffer = new byte[ContentBytesMax];
        error = SourceFiles.Read(descriptor, 0, buffer, out int got);
        SourceFiles.Close(descriptor);
        if (error != 0) throw new CommandException(ExitCode.CannotOpen, $"{path}: {LinuxFiles.Describe(error)}");
        return buffer[..got];
    }
}
