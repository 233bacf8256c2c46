// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.Extract;
using Hammer2.Tool.Populate;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>Finds the root directory of a mount.</summary>
internal static class MountRoot
{
    /// <summary>The path of the topmost directory on the same device as a directory, with "/.." for each level.</summary>
    /// <exception cref="CommandException">The directory, or one above it, cannot be accessed.</exception>
    public static string Of(string directory)
    {
        // The dot follows a symbolic link to the directory.
        LinuxFiles.FileStatus here = StatusOf(directory + "/.");
        while (true)
        {
            string parent = directory + "/..";
            LinuxFiles.FileStatus above = StatusOf(parent);
            bool isRoot = (above.DeviceMajor, above.DeviceMinor) != (here.DeviceMajor, here.DeviceMinor)
                || above.Inode == here.Inode;
            if (isRoot) return directory;
            (directory, here) = (parent, above);
        }
    }

    private static LinuxFiles.FileStatus StatusOf(string path)
    {
        int error = SourceFiles.Status(
            LinuxFiles.AtCurrentDirectory, ByteText.Encode(path), out LinuxFiles.FileStatus status);
        return error == 0
            ? status : throw new CommandException(ExitCode.CannotOpen, $"{path}: {LinuxFiles.Describe(error)}");
    }
}
