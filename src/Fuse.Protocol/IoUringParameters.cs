// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>What io_uring_setup(2) is given and returns. Source: <c>struct io_uring_params</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 120)]
internal struct IoUringParameters
{
    [FieldOffset(0)] public uint SubmissionsTotal;
    [FieldOffset(4)] public uint CompletionsTotal;
    [FieldOffset(8)] public uint Flags;
    [FieldOffset(20)] public uint Features;
    [FieldOffset(40)] public uint SubmissionsHead;
    [FieldOffset(44)] public uint SubmissionsTail;
    [FieldOffset(48)] public uint SubmissionsMask;
    [FieldOffset(56)] public uint SubmissionsFlags;
    [FieldOffset(80)] public uint CompletionsHead;
    [FieldOffset(84)] public uint CompletionsTail;
    [FieldOffset(88)] public uint CompletionsMask;
    [FieldOffset(100)] public uint Completions;
}
