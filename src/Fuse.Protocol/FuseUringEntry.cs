// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Concurrency;
using Microsoft.Win32.SafeHandles;

namespace Fuse.Protocol;

/// <summary>
/// An entry of the kernel's queues with an io_uring of its own: the reply and the wait for the next request are one
/// system call, and the kernel copies requests into the entry's memory.
/// </summary>
/// <remarks>
/// Memory: a page whose start has the headers as the kernel wants them (<c>struct fuse_uring_req_header</c>: the header
/// of the request or of the reply, the request's struct, and <see cref="FuseUringExchange"/>), then the data of the
/// request or of the reply. Header and struct of a request are copied to just before its data: then it is in one piece,
/// as a request read from the device is.
/// </remarks>
internal sealed unsafe class FuseUringEntry : IFuseQueueEntry
{
    private const int HeadBytes = 4096;
    private const int StructOffset = 128, StructBytesMax = 128;
    private const int ExchangeOffset = 256;
    private const int HeadersBytes = 288;
    private const uint Register = 1;                // FUSE_IO_URING_CMD_REGISTER
    private const uint CommitAndFetch = 2;          // FUSE_IO_URING_CMD_COMMIT_AND_FETCH

    private readonly SafeFileHandle _device;
    private readonly ushort _queue;
    private readonly IoUring _ring = new();
    private readonly FuseBuffer _memory;
    private readonly FuseBuffer _otherReply;
    private readonly WakeSignal _answered = new();
    private readonly LinuxCalls.IoVector* _vectors;
    private readonly int _thread = LinuxCalls.ThreadNumber();
    private readonly int _owner = Environment.CurrentManagedThreadId;
    private readonly int _dataBytes;
    private int _requestStart, _requestBytes;
    private bool _isRegistered, _isInKernel;
    private volatile bool _isAnswered;

    /// <summary>An entry, which the kernel knows of after the first <see cref="Exchange"/>.</summary>
    /// <param name="device">A descriptor of /dev/fuse that is connected to the mount.</param>
    /// <param name="queue">Number of the queue, from 0.</param>
    /// <param name="sizes">Lengths of requests and replies.</param>
    /// <exception cref="FuseException">The kernel refuses an io_uring.</exception>
    public FuseUringEntry(SafeFileHandle device, int queue, FuseBufferSizes sizes)
    {
        _device = device;
        _queue = (ushort)queue;
        _dataBytes = Math.Max(sizes.RequestBytes, sizes.ReplyBytes);
        _memory = new FuseBuffer(HeadBytes + _dataBytes);
        _otherReply = new FuseBuffer(sizes.ReplyBytes);
        _memory.Span[..HeadersBytes].Clear();
        _vectors = (LinuxCalls.IoVector*)NativeMemory.AllocZeroed(2, (nuint)sizeof(LinuxCalls.IoVector));
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Request => _memory.Span.Slice(_requestStart, _requestBytes);

    /// <inheritdoc/>
    public Span<byte> ReplyBuffer => Details.DataBytes == 0 ? Data : _otherReply.Span;

    /// <inheritdoc/>
    public bool IsAnswered => _isAnswered;

    private ref FuseUringExchange Details => ref MemoryMarshal.AsRef<FuseUringExchange>(_memory.Span[ExchangeOffset..]);

    private Span<byte> Data => _memory.Span.Slice(HeadBytes, _dataBytes);

    /// <inheritdoc/>
    public int Exchange()
    {
        if (!_isInKernel) Add();
        int result;
        while (!_ring.TryTake(out result))
        {
            int error = _ring.SubmitAndWait();
            if (error != FuseErrno.None) return -error;
        }
        return Received(result);
    }

    /// <inheritdoc/>
    public int TryExchange()
    {
        if (!_isInKernel) Add();
        int error = _ring.SubmitAndPoll();
        if (error != FuseErrno.None) return -error;
        return _ring.TryTake(out int result) ? Received(result) : -FuseErrno.EAGAIN;
    }

    /// <inheritdoc/>
    public bool TryRunElsewhere() => LinuxCalls.RunElsewhere(_queue) == FuseErrno.None;

    /// <inheritdoc/>
    public void RunAtQueue()
    {
        // Fails as it did when the entry was opened, if this process may not run there.
        _ = LinuxCalls.RunOn(_queue);
    }

    private int Received(int result)
    {
        _isInKernel = false;
        if (result is -FuseErrno.ENOTCONN or -FuseErrno.ECONNABORTED or -FuseErrno.ECANCELED) return -FuseErrno.ENODEV;
        if (result < 0) return result;
        _isRegistered = true;
        _isAnswered = false;
        Assemble();
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int Send(in FuseOutHeader header, ReadOnlySpan<byte> payload)
    {
        payload.CopyTo(Data);
        MemoryMarshal.Write(_memory.Span, in header);
        Details.DataBytes = (uint)payload.Length;
        _isAnswered = true;
        if (Environment.CurrentManagedThreadId != _owner) _answered.Set();
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public void AwaitAnswer() => _answered.Wait();

    /// <inheritdoc/>
    public void Interrupt()
    {
        _answered.Set();
        LinuxCalls.WakeThread(_thread);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ring.Dispose();
        _memory.Dispose();
        _otherReply.Dispose();
        _answered.Dispose();
        NativeMemory.Free(_vectors);
    }

    // Registers the entry, or passes on a reply and asks for the next request.
    private void Add()
    {
        var submission = new IoUringSubmission
        {
            Opcode = IoUringCalls.DeviceCommand,
            Descriptor = (int)_device.DangerousGetHandle(),
            Queue = _queue,
        };
        if (_isRegistered)
        {
            submission.Command = CommitAndFetch;
            submission.CommitId = Details.CommitId;
        }
        else
        {
            fixed (byte* start = _memory.Span)
            {
                _vectors[0] = new LinuxCalls.IoVector { Start = start, LengthBytes = HeadersBytes };
                _vectors[1] = new LinuxCalls.IoVector { Start = start + HeadBytes, LengthBytes = _dataBytes };
            }
            submission.Command = Register;
            submission.Address = (ulong)_vectors;
            submission.Length = 2;
        }
        _ring.Add(in submission);
        _isInKernel = true;
    }

    // A header whose length disagrees with what came is left alone, so that the dispatcher refuses the request.
    private void Assemble()
    {
        Span<byte> memory = _memory.Span;
        ref readonly FuseInHeader header = ref MemoryMarshal.AsRef<FuseInHeader>(memory);
        long structBytes = (long)header.Length - FuseRequest.HeaderBytes - Details.DataBytes;
        if (structBytes is < 0 or > StructBytesMax || Details.DataBytes > _dataBytes) structBytes = 0;
        _requestStart = HeadBytes - FuseRequest.HeaderBytes - (int)structBytes;
        memory[..FuseRequest.HeaderBytes].CopyTo(memory[_requestStart..]);
        memory.Slice(StructOffset, (int)structBytes).CopyTo(memory[(_requestStart + FuseRequest.HeaderBytes)..]);
        _requestBytes = FuseRequest.HeaderBytes + (int)structBytes + (int)Math.Min(Details.DataBytes, (uint)_dataBytes);
    }
}

/// <summary>What identifies a request in a queue, and the length of its data. Source:
/// <c>struct fuse_uring_ent_in_out</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct FuseUringExchange
{
    [FieldOffset(8)] public ulong CommitId;
    [FieldOffset(16)] public uint DataBytes;
}
