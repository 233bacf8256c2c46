// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.Extract;

namespace Hammer2.Tool.Mounts;

/// <summary>Sends requests to a mount by ioctl(2).</summary>
internal static class MountIoctl
{
    private const int NotPermitted = 1;             // EPERM
    private const int Interrupted = 4;              // EINTR
    private const int InputOutput = 5;              // EIO
    private const int NoSuchIoctl = 25;             // ENOTTY
    private const int ReadOnly = 30;                // EROFS

    /// <summary>Sends a record, which the mount fills in.</summary>
    /// <param name="path">The mount, or a file or directory in it.</param>
    /// <param name="command">The number of <see cref="Format.IoctlCommand"/> for this type of record.</param>
    /// <param name="record">The arguments on entry, the results on return.</param>
    /// <param name="explain">Says what an error number means for this request; null for what it usually
    /// means.</param>
    /// <exception cref="CommandException">The path cannot be opened, is not a mount of HAMMER2, or the request
    /// failed.</exception>
    public static void Call<T>(
        string path, uint command, ref T record, Func<int, string?>? explain = null)
        where T : unmanaged
    {
        using MountHandle handle = Open(path);
        Call(handle, path, command, ref record, explain);
    }

    /// <summary>Opens what several records are sent to.</summary>
    /// <param name="path">As for <see cref="Call{T}(string, uint, ref T, Func{int, string})"/>.</param>
    /// <exception cref="CommandException">It cannot be opened.</exception>
    public static MountHandle Open(string path) => MountHandle.Open(path, followsLast: true, out int failure)
        ?? throw new CommandException(ExitCode.CannotOpen, $"{path}: {LinuxFiles.Describe(failure)}");

    /// <summary>As the other, for one of several records.</summary>
    public static void Call<T>(
        MountHandle handle, string path, uint command, ref T record, Func<int, string?>? explain = null)
        where T : unmanaged
    {
        int error = handle.Call(command, ref record);
        if (error == 0) return;
        throw explain?.Invoke(error) is { } reason
            ? new CommandException(ExitCode.Failed, $"{path}: {reason}")
            : Refused(path, error);
    }

    private static CommandException Refused(string directory, int error) => error switch
    {
        NoSuchIoctl => new(ExitCode.CannotOpen, $"{directory}: is not in a HAMMER2 mount that supports this request"),
        NotPermitted => new(ExitCode.Failed, $"{directory}: only root and the user that mounted it may do this"),
        ReadOnly => new(ExitCode.Failed, $"{directory}: is mounted read-only, or stopped after a write error"),
        Interrupted => new(ExitCode.Interrupted, $"{directory}: interrupted"),
        InputOutput => new(ExitCode.Failed, $"{directory}: a block cannot be read or written; the mount's log has it"),
        _ => new(ExitCode.Failed, $"{directory}: {LinuxFiles.Describe(error)}"),
    };
}
