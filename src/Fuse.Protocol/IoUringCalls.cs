// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>The system calls of io_uring, for which the C library has no functions. All return -1 and set the error
/// number on failure. Source: <c>linux/io_uring.h</c>.</summary>
internal static unsafe partial class IoUringCalls
{
    public const uint SubmissionsOf128Bytes = 1 << 10;      // IORING_SETUP_SQE128
    public const uint TellsOfTaskRun = 1 << 9;              // IORING_SETUP_TASKRUN_FLAG
    public const uint SingleIssuer = 1 << 12;               // IORING_SETUP_SINGLE_ISSUER
    public const uint DeferTaskRun = 1 << 13;               // IORING_SETUP_DEFER_TASKRUN
    public const uint NoSubmissionArray = 1 << 16;          // IORING_SETUP_NO_SQARRAY
    public const uint HasSingleMap = 1;                     // IORING_FEAT_SINGLE_MMAP
    public const uint HasTaskRun = 1 << 2;                  // IORING_SQ_TASKRUN
    public const uint WaitsForCompletions = 1;              // IORING_ENTER_GETEVENTS
    public const nint RingsOffset = 0;                      // IORING_OFF_SQ_RING, which has both rings
    public const nint SubmissionsOffset = 0x10000000;       // IORING_OFF_SQES
    public const byte DeviceCommand = 46;                   // IORING_OP_URING_CMD

    private const nint SetupNumber = 425;
    private const nint EnterNumber = 426;
    private const int ReadAndWrite = 3;                     // PROT_READ | PROT_WRITE
    private const int SharedPopulated = 0x8001;             // MAP_SHARED | MAP_POPULATE
    private const nint MapFailed = -1;

    /// <summary>io_uring_setup(2): a descriptor.</summary>
    public static nint SetUp(uint entries, IoUringParameters* parameters) =>
        SystemCall(SetupNumber, (nint)entries, (nint)parameters);

    /// <summary>io_uring_enter(2): number of submissions taken.</summary>
    public static nint Enter(int ring, uint submissions, uint completions, uint flags) =>
        SystemCall(EnterNumber, ring, (nint)submissions, (nint)completions, (nint)flags, 0, 0);

    /// <summary>Maps a part of a ring's memory; null on failure.</summary>
    public static byte* Map(int ring, nuint lengthBytes, nint offset)
    {
        nint start = MapMemory(0, lengthBytes, ReadAndWrite, SharedPopulated, ring, offset);
        return start == MapFailed ? null : (byte*)start;
    }

    /// <summary>munmap(2).</summary>
    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(byte* start, nuint lengthBytes);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(
        nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MapMemory(
        nint address, nuint lengthBytes, int protection, int flags, int file, nint offset);
}

/// <summary>A command for a device in a submission of 128 bytes, with the part that FUSE defines. Source:
/// <c>struct io_uring_sqe</c> and <c>struct fuse_uring_cmd_req</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct IoUringSubmission
{
    [FieldOffset(0)] public byte Opcode;
    [FieldOffset(4)] public int Descriptor;
    [FieldOffset(8)] public uint Command;
    [FieldOffset(16)] public ulong Address;
    [FieldOffset(24)] public uint Length;
    [FieldOffset(56)] public ulong CommitId;
    [FieldOffset(64)] public ushort Queue;
}

/// <summary>The result of a submission. Source: <c>struct io_uring_cqe</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct IoUringCompletion
{
    [FieldOffset(8)] public int Result;
}
