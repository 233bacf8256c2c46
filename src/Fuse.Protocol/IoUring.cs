// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace Fuse.Protocol;

/// <summary>
/// An io_uring for one command at a time: a thread submits it and waits for its completion in one system call.
/// </summary>
/// <remarks>Only the thread that made it may use it (the kernel refuses others), so that no completion interrupts
/// it.</remarks>
internal sealed unsafe class IoUring : IDisposable
{
    private const uint Flags = IoUringCalls.SubmissionsOf128Bytes | IoUringCalls.SingleIssuer
        | IoUringCalls.DeferTaskRun | IoUringCalls.TellsOfTaskRun | IoUringCalls.NoSubmissionArray;

    private readonly SafeFileHandle _descriptor;
    private readonly IoUringParameters _layout;
    private readonly nuint _ringsBytes, _submissionsBytes;
    private byte* _rings, _submissions;
    private uint _unsubmitted;

    /// <summary>Sets up the ring.</summary>
    /// <exception cref="FuseException">The kernel cannot do it, or does not permit it.</exception>
    public IoUring()
    {
        var layout = new IoUringParameters { Flags = Flags };
        nint descriptor = IoUringCalls.SetUp(1, &layout);
        if (descriptor < 0) throw Failed("io_uring_setup");
        _layout = layout;
        _descriptor = new SafeFileHandle(descriptor, ownsHandle: true);
        _ringsBytes = layout.Completions + (layout.CompletionsTotal * (nuint)sizeof(IoUringCompletion));
        _submissionsBytes = layout.SubmissionsTotal * (nuint)sizeof(IoUringSubmission);
        try
        {
            if ((layout.Features & IoUringCalls.HasSingleMap) == 0) throw new FuseException("io_uring is too old");
            _rings = IoUringCalls.Map((int)descriptor, _ringsBytes, IoUringCalls.RingsOffset);
            if (_rings is null) throw Failed("mapping an io_uring");
            _submissions = IoUringCalls.Map((int)descriptor, _submissionsBytes, IoUringCalls.SubmissionsOffset);
            if (_submissions is null) throw Failed("mapping an io_uring");
        }
        catch (FuseException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Adds a command, which the next <see cref="SubmitAndWait"/> submits. The one before must be
    /// complete.</summary>
    public void Add(in IoUringSubmission submission)
    {
        uint* tail = (uint*)(_rings + _layout.SubmissionsTail);
        uint mask = *(uint*)(_rings + _layout.SubmissionsMask);
        ((IoUringSubmission*)_submissions)[*tail & mask] = submission;
        Volatile.Write(ref *tail, *tail + 1);
        _unsubmitted = 1;
    }

    /// <summary>Submits what was added and waits for a completion.</summary>
    /// <returns>0, or an error number; EINTR after a signal, where the command may have been submitted.</returns>
    public int SubmitAndWait() => Enter(1);

    /// <summary>Submits what was added, and has the kernel complete what is ready. Costs nothing while there is
    /// neither.</summary>
    /// <returns>0, or an error number.</returns>
    public int SubmitAndPoll()
    {
        bool isReady = (Volatile.Read(ref *(uint*)(_rings + _layout.SubmissionsFlags)) & IoUringCalls.HasTaskRun) != 0;
        return _unsubmitted > 0 || isReady ? Enter(0) : FuseErrno.None;
    }

    /// <summary>Takes a completion if there is one.</summary>
    /// <param name="result">The result of the command: negative is an error number.</param>
    public bool TryTake(out int result)
    {
        uint* head = (uint*)(_rings + _layout.CompletionsHead);
        uint tail = Volatile.Read(ref *(uint*)(_rings + _layout.CompletionsTail));
        result = 0;
        if (*head == tail) return false;
        uint mask = *(uint*)(_rings + _layout.CompletionsMask);
        result = ((IoUringCompletion*)(_rings + _layout.Completions))[*head & mask].Result;
        Volatile.Write(ref *head, *head + 1);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _descriptor.Dispose();
        // Unmapping fails only for addresses that are not mapped.
        if (_submissions is not null) _ = IoUringCalls.Unmap(_submissions, _submissionsBytes);
        if (_rings is not null) _ = IoUringCalls.Unmap(_rings, _ringsBytes);
        _submissions = _rings = null;
    }

    private int Enter(uint completions)
    {
        nint taken = IoUringCalls.Enter((int)_descriptor.DangerousGetHandle(), _unsubmitted, completions,
            IoUringCalls.WaitsForCompletions);
        if (taken < 0) return LinuxCalls.LastError;
        _unsubmitted -= (uint)taken;
        return FuseErrno.None;
    }

    private static FuseException Failed(string call) => new($"{call}: {LinuxCalls.Describe(LinuxCalls.LastError)}");
}
