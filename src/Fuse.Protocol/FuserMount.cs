// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using Linux.Text;
using Microsoft.Win32.SafeHandles;

namespace Fuse.Protocol;

/// <summary>
/// Mounts and unmounts for ordinary users with the set-user-id program <c>fusermount3</c>, which sends the
/// connected descriptor of /dev/fuse back through a socket.
/// </summary>
internal static unsafe partial class FuserMount
{
    private const string Program = "fusermount3";
    private const int ErrorTextMax = 4096;
    private const int UnixDomain = 1;
    private const int StreamSocket = 1;
    private const int SocketCloseOnExec = 0x80000;
    private const int SocketLevel = 1;          // SOL_SOCKET
    private const int DescriptorRights = 1;     // SCM_RIGHTS
    private const int ReceiveCloseOnExec = 0x40000000;

    /// <summary>Mounts, and returns the connected descriptor.</summary>
    /// <exception cref="FuseException">With the program's error message.</exception>
    public static SafeFileHandle Mount(FuseMountOptions options)
    {
        int* ends = stackalloc int[2];
        if (OpenSocketPair(UnixDomain, StreamSocket | SocketCloseOnExec, 0, ends) != 0)
            throw new FuseException("socket pair: " + LinuxCalls.Describe(LinuxCalls.LastError));
        using var ours = new SafeFileHandle(ends[0], ownsHandle: true);
        string variable = "_FUSE_COMMFD=" + ends[1].ToString(CultureInfo.InvariantCulture);
        LinuxChild child;
        using (var theirs = new SafeFileHandle(ends[1], ownsHandle: true))
        {
            child = LinuxChild.Start(
                Program, ["-o", Words(options), "--", options.Target], [variable, PathVariable()], ends[1]);
        }
        int descriptor = ReceiveDescriptor(ours);
        string errorText = ErrorTextOf(child);
        int code = child.Wait();
        if (code == 0 && descriptor >= 0) return new SafeFileHandle(descriptor, ownsHandle: true);
        if (descriptor >= 0) new SafeFileHandle(descriptor, ownsHandle: true).Dispose();
        throw new FuseException(
            $"{options.Target}: {(errorText.Length > 0 ? errorText : $"{Program} ended with {code}")}");
    }

    /// <summary>Unmounts; null, or the program's error message.</summary>
    public static string? Unmount(string target, bool detaches)
    {
        string[] words = detaches ? ["-u", "-z", "--", target] : ["-u", "--", target];
        LinuxChild child = LinuxChild.Start(Program, words, [PathVariable()], handedOn: -1);
        string errorText = ErrorTextOf(child);
        int code = child.Wait();
        if (code == 0) return null;
        return errorText.Length > 0 ? errorText : $"{Program} ended with {code}";
    }

    /// <summary>The option words for the program; commas inside a value are escaped.</summary>
    internal static string Words(FuseMountOptions options)
    {
        var words = new List<string>
        {
            "fsname=" + Escape(options.Source),
            "subtype=" + Escape(options.Subtype),
            options.Flags.HasFlag(FuseMountFlags.ReadOnly) ? "ro" : "rw",
            "nosuid",
            "nodev",
        };
        if (options.Flags.HasFlag(FuseMountFlags.NoExec)) words.Add("noexec");
        if (options.Flags.HasFlag(FuseMountFlags.Synchronous)) words.Add("sync");
        if (options.Flags.HasFlag(FuseMountFlags.DirectorySync)) words.Add("dirsync");
        if (options.Flags.HasFlag(FuseMountFlags.NoAccessTime)) words.Add("noatime");
        if (options.ChecksPermissions) words.Add("default_permissions");
        if (options.AllowsOthers) words.Add("allow_other");
        return string.Join(',', words);
    }

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal);

    private static string ErrorTextOf(LinuxChild child) =>
        ByteText.Decode(child.ReadAll(ErrorTextMax)).Trim();

    private static string PathVariable() =>
        "PATH=" + (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin");

    // Receives one byte of data with one descriptor in the control message; -1 when the other side closed the socket.
    private static int ReceiveDescriptor(SafeFileHandle socket)
    {
        byte data;
        ControlMessage control = default;
        var vector = new LinuxCalls.IoVector { Start = &data, LengthBytes = 1 };
        var message = new MessageHeader
        {
            Vectors = &vector,
            VectorsTotal = 1,
            Control = &control,
            ControlBytes = sizeof(ControlMessage),
        };
        nint got;
        do
        {
            got = ReceiveMessage(socket, &message, ReceiveCloseOnExec);
        }
        while (got < 0 && LinuxCalls.LastError == FuseErrno.EINTR);
        bool isDescriptor = got > 0 && message.ControlBytes >= 20
            && control is { Level: SocketLevel, Type: DescriptorRights };
        return isDescriptor ? control.Descriptor : -1;
    }

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static partial int OpenSocketPair(int domain, int type, int protocol, int* ends);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint ReceiveMessage(SafeFileHandle socket, MessageHeader* message, int flags);

    // struct msghdr of 64-bit Linux.
    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public void* Name;
        public uint NameBytes;
        public LinuxCalls.IoVector* Vectors;
        public nint VectorsTotal;
        public ControlMessage* Control;
        public nint ControlBytes;
        public int Flags;
    }

    // struct cmsghdr with room for one descriptor.
    [StructLayout(LayoutKind.Sequential, Size = 24)]
    private struct ControlMessage
    {
        public nint LengthBytes;
        public int Level;
        public int Type;
        public int Descriptor;
    }
}
