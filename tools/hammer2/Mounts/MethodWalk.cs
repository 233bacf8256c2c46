// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Tool.Extract;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>Sets the method of new blocks of files and directories in a mount, below directories as well when
/// asked.</summary>
/// <param name="flag">The field of the record that is set: <see cref="InodeRecord.SetsCheck"/> or
/// <see cref="InodeRecord.SetsCompression"/>.</param>
/// <param name="method">The method as stored.</param>
/// <param name="isRecursive">True to set it below directories.</param>
/// <param name="done">Called with each path that was set.</param>
/// <param name="failed">Called with each path that was not, and the reason.</param>
/// <remarks>Below a directory, symbolic links are not followed, mounts are not entered, and what is no file or directory
/// has no methods worth setting.</remarks>
internal sealed class MethodWalk(
    uint flag, byte method, bool isRecursive, Action<string> done, Action<string, string> failed)
{
    private const uint TypeDirectory = 0x4000;
    private const uint TypeFile = 0x8000;
    private const int NotPermitted = 1;
    private const int Loop = 40;                    // ELOOP: a symbolic link
    private const int Unsupported = 25;             // ENOTTY

    /// <summary>Sets it on a path, and on all below it when recursive.</summary>
    public void Run(string start)
    {
        var waiting = new Stack<string>();
        waiting.Push(start);
        (uint Major, uint Minor)? device = null;
        while (waiting.TryPop(out string? path))
        {
            using MountHandle? handle = MountHandle.Open(path, followsLast: false, out int error);
            LinuxFiles.FileStatus status = default;
            if (error == 0) error = handle!.Status(out status);
            if (error == 0)
            {
                device ??= (status.DeviceMajor, status.DeviceMinor);
                if (device != (status.DeviceMajor, status.DeviceMinor)) continue;
                error = Set(handle!);
            }
            if (error == 0) done(path);
            else failed(path, Describe(error));
            if (error != 0 || !isRecursive || status.Type != TypeDirectory) continue;
            error = Push(handle!, path, waiting);
            if (error != 0) failed(path, LinuxFiles.Describe(error));
        }
    }

    private static int Push(MountHandle directory, string path, Stack<string> waiting)
    {
        int error = directory.List(out List<byte[]> names);
        for (int index = names.Count - 1; index >= 0; index--)
        {
            string below = (path.EndsWith('/') ? path : path + "/") + ByteText.Decode(names[index]);
            int failure = Populate.SourceFiles.Status(
                LinuxFiles.AtCurrentDirectory, ByteText.Encode(below), out LinuxFiles.FileStatus status);
            // A name that vanished meanwhile needs no method.
            if (failure == 0 && status.Type is TypeDirectory or TypeFile) waiting.Push(below);
        }
        return error;
    }

    private int Set(MountHandle handle)
    {
        InodeRecord record = default;
        int error = handle.Call(IoctlCommand.InodeGet, ref record);
        if (error != 0) return error;
        record.Flags = flag;
        if (flag == InodeRecord.SetsCheck) record.Meta.CheckPolicy = method;
        else record.Meta.CompressionPolicy = method;
        return handle.Call(IoctlCommand.InodeSet, ref record);
    }

    private static string Describe(int error) => error switch
    {
        Unsupported => "is not in a HAMMER2 mount",
        NotPermitted => "only root and the user that mounted it may do this, and not on an immutable object",
        Loop => "is a symbolic link",
        _ => LinuxFiles.Describe(error),
    };
}
