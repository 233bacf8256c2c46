// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hammer2.Format;
using Hammer2.Tool.Extract;
using Hammer2.Tool.Populate;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>An open file or directory, to which requests of HAMMER2 are sent by ioctl(2).</summary>
internal sealed unsafe partial class MountHandle : IDisposable
{
    private const int OpenNonBlocking = 0x800;

    private readonly int _descriptor;

    private MountHandle(int descriptor) => _descriptor = descriptor;

    /// <summary>True when it is in a mount of HAMMER2.</summary>
    public bool IsHammer2
    {
        get
        {
            VersionRecord record = default;
            return Call(IoctlCommand.VersionGet, ref record) == 0;
        }
    }

    /// <summary>Opens a path for reading, without waiting for the other end of a FIFO.</summary>
    /// <param name="path">A string of <see cref="ByteText"/>.</param>
    /// <param name="followsLast">False to reject a symbolic link at its end.</param>
    /// <param name="error">0; or the Linux error number.</param>
    /// <returns>Null after an error.</returns>
    public static MountHandle? Open(string path, bool followsLast, out int error)
    {
        int flags = OpenNonBlocking | LinuxFiles.OpenCloseOnExec | (followsLast ? 0 : LinuxFiles.OpenNoFollow);
        int descriptor;
        fixed (byte* text = ByteText.Encode(path + '\0'))
            descriptor = LinuxFiles.openat(LinuxFiles.AtCurrentDirectory, text, flags, 0);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new MountHandle(descriptor);
    }

    /// <summary>True when a path exists and is in a mount of HAMMER2.</summary>
    public static bool IsInMount(string path)
    {
        using MountHandle? handle = Open(path, followsLast: true, out _);
        return handle is { IsHammer2: true };
    }

    /// <summary>Sends a record, which the mount fills in.</summary>
    /// <param name="command">The number of <see cref="IoctlCommand"/> for this type of record.</param>
    /// <param name="record">The arguments on entry, the results on return.</param>
    /// <returns>0; or the Linux error number.</returns>
    public int Call<T>(uint command, ref T record)
        where T : unmanaged
    {
        fixed (void* argument = &Unsafe.As<T, byte>(ref record))
            return ioctl(_descriptor, command, argument) >= 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>Its status.</summary>
    /// <returns>0; or the Linux error number.</returns>
    public int Status(out LinuxFiles.FileStatus status) => SourceFiles.Status(_descriptor, [], out status);

    /// <summary>The names in the directory, ordered by their bytes.</summary>
    /// <returns>0; or the Linux error number.</returns>
    public int List(out List<byte[]> names) => SourceFiles.List(_descriptor, out names);

    /// <summary>Closes it.</summary>
    public void Dispose() => SourceFiles.Close(_descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int descriptor, nuint request, void* argument);
}
