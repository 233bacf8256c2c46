// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Concurrency;
using Linux.Text;
using Microsoft.Win32.SafeHandles;

namespace Fuse.Protocol;

/// <summary>The Linux calls for channels and mounts. All return -1 and set the error number on failure.</summary>
internal static unsafe partial class LinuxCalls
{
    public const int OpenReadWrite = 2;
    public const int OpenCloseOnExec = 0x80000;
    public const int DetachMount = 2;           // MNT_DETACH
    public const int UnmountNoFollow = 8;       // UMOUNT_NOFOLLOW

    private const int SetDescriptorFlags = 2;   // F_SETFD, whose only flag is FD_CLOEXEC
    private const int ProcessorMaskBytes = 1024;
    private const int SetStatusFlags = 4;       // F_SETFL
    private const int StatusNonBlocking = 0x800;
    private const short PollReadable = 1;       // POLLIN

    public const nuint RemountFlag = 32;        // MS_REMOUNT

    // _IOR(229, 0, uint32_t)
    public const nuint CloneDevice = 0x8004E500;

    // A real-time signal that neither the runtime (SIGRTMIN, 34) nor the C library (32, 33) uses.
    private const int WakeSignal = 39;
    private static readonly RankedLock SignalGate = new(LockRank.WakeSignalHandler);
    private static bool _hasWakeSignal;

    /// <summary>Error number of the last call in this class on this thread.</summary>
    public static int LastError => Marshal.GetLastPInvokeError();

    /// <summary>The C library's text for an error number.</summary>
    public static string Describe(int errorNumber) => Marshal.GetPInvokeErrorMessage(errorNumber);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    public static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(SafeFileHandle file, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "writev", SetLastError = true)]
    public static partial nint WriteVector(SafeFileHandle file, IoVector* vectors, int count);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(SafeFileHandle file, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    public static partial int Mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    public static partial int Unmount(string target, int flags);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    public static partial int SyncFileSystem(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getuid")]
    public static partial uint RealUser();

    [LibraryImport("libc", EntryPoint = "getgid")]
    public static partial uint RealGroup();

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    public static partial int NewSession();

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    public static partial int Duplicate(int descriptor, int target);

    [LibraryImport("libc", EntryPoint = "gettid")]
    public static partial int ThreadNumber();

    /// <summary>Has the calling thread run on one processor. Returns 0, or an error number: EINVAL when the process may
    /// not use that processor.</summary>
    /// <param name="processor">Its number, from 0 to 8191.</param>
    public static int RunOn(int processor) => RunOn(processor, isExcluded: false);

    /// <summary>Has the calling thread run on all processors but one. Returns as <see cref="RunOn(int)"/>.</summary>
    /// <param name="processor">The number of that one, from 0 to 8191.</param>
    public static int RunElsewhere(int processor) => RunOn(processor, isExcluded: true);

    private static int RunOn(int processor, bool isExcluded)
    {
        byte* mask = stackalloc byte[ProcessorMaskBytes];
        new Span<byte>(mask, ProcessorMaskBytes).Fill(isExcluded ? byte.MaxValue : (byte)0);
        mask[processor / 8] ^= (byte)(1 << (processor % 8));
        return SetAffinity(0, ProcessorMaskBytes, mask) == 0 ? FuseErrno.None : LastError;
    }

    /// <summary>
    /// Sends a thread of this process a signal whose only effect is that a waiting call returns EINTR.
    /// </summary>
    public static void WakeThread(int threadNumber)
    {
        EnsureWakeSignal();

        // A thread that has just ended needs no waking, so the result is ignored.
        _ = SendSignal(Environment.ProcessId, threadNumber, WakeSignal);
    }

    /// <summary>Makes a descriptor nonblocking: reads that would wait return EAGAIN.</summary>
    public static void SetNonBlocking(SafeFileHandle file)
    {
        if (ControlFile(file, SetStatusFlags, StatusNonBlocking) != 0)
            throw new FuseException("reading without waiting: " + Describe(LastError));
    }

    /// <summary>Waits until a descriptor is readable or in error. 0, or an error number.</summary>
    public static int WaitReadable(SafeFileHandle file)
    {
        bool isHeld = false;
        try
        {
            file.DangerousAddRef(ref isHeld);
            var wanted = new PollRequest { Descriptor = (int)file.DangerousGetHandle(), Wanted = PollReadable };
            return Poll(&wanted, 1, -1) < 0 ? LastError : FuseErrno.None;
        }
        finally
        {
            if (isHeld) file.DangerousRelease();
        }
    }

    /// <summary>Sets FD_CLOEXEC, so that programs executed later do not inherit the descriptor.</summary>
    public static void SetCloseOnExec(int descriptor) => _ = Control(descriptor, SetDescriptorFlags, 1);

    // The handler must exist, or the signal would end the process; must not restart the read; and must not
    // be managed code, which may not run in a signal handler. Any harmless function of the C library will do.
    private static void EnsureWakeSignal()
    {
        using (SignalGate.EnterScope())
        {
            if (_hasWakeSignal) return;
            nint library = NativeLibrary.Load("libc.so.6");
            var action = new SignalAction { Handler = NativeLibrary.GetExport(library, "getpid") };
            if (SetSignalAction(WakeSignal, &action, null) != 0)
                throw new FuseException("signal handler: " + Describe(LastError));
            _hasWakeSignal = true;
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int ControlFile(SafeFileHandle file, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollRequest* requests, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "sigaction", SetLastError = true)]
    private static partial int SetSignalAction(int signal, SignalAction* action, SignalAction* previous);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint maskBytes, byte* mask);

    [LibraryImport("libc", EntryPoint = "tgkill", SetLastError = true)]
    private static partial int SendSignal(int process, int thread, int signal);

    /// <summary>A memory range to send. Source: <c>struct iovec</c>.</summary>
    internal struct IoVector
    {
        public byte* Start;
        public nint LengthBytes;
    }

    // Source: struct pollfd.
    private struct PollRequest
    {
        public int Descriptor;
        public short Wanted;
        public short Happened;
    }

    // struct sigaction of glibc on 64-bit Linux; the C library fills in the restorer.
    [StructLayout(LayoutKind.Explicit, Size = 152)]
    private struct SignalAction
    {
        [FieldOffset(0)] public nint Handler;
    }
}
