// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Win32.SafeHandles;

namespace Fuse.Protocol;

/// <summary>
/// One worker's descriptor of /dev/fuse: a request is one read(2), a reply one writev(2) of the header and of the data,
/// without copying it. Reading is nonblocking; poll(2) waits.
/// </summary>
internal sealed unsafe class FuseChannel : IFuseChannel
{
    private readonly SafeFileHandle _device;
    private readonly bool _ownsDevice;
    private int _receiverThread;
    private volatile int _receiver;

    /// <summary>A channel over a descriptor that is connected to a mount; it closes the descriptor in the end if it
    /// owns it.</summary>
    public FuseChannel(SafeFileHandle device, bool ownsDevice)
    {
        _device = device;
        _ownsDevice = ownsDevice;
        LinuxCalls.SetNonBlocking(device);
    }

    /// <inheritdoc/>
    public int TryReceive(Span<byte> request)
    {
        fixed (byte* start = request)
        {
            nint got = LinuxCalls.Read(_device, start, request.Length);
            return got >= 0 ? (int)got : -LinuxCalls.LastError;
        }
    }

    /// <inheritdoc/>
    public int WaitForRequest()
    {
        // The main channel is passed from the negotiating thread to a worker.
        int thread = Environment.CurrentManagedThreadId;
        if (_receiverThread != thread) (_receiverThread, _receiver) = (thread, LinuxCalls.ThreadNumber());
        return LinuxCalls.WaitReadable(_device);
    }

    /// <inheritdoc/>
    public int Send(in FuseOutHeader header, ReadOnlySpan<byte> payload)
    {
        fixed (FuseOutHeader* head = &header)
        fixed (byte* data = payload)
        {
            LinuxCalls.IoVector* vectors = stackalloc LinuxCalls.IoVector[2];
            vectors[0] = new LinuxCalls.IoVector { Start = (byte*)head, LengthBytes = sizeof(FuseOutHeader) };
            vectors[1] = new LinuxCalls.IoVector { Start = data, LengthBytes = payload.Length };
            nint sent;
            do
            {
                sent = LinuxCalls.WriteVector(_device, vectors, payload.IsEmpty ? 1 : 2);
            }
            while (sent < 0 && LinuxCalls.LastError == FuseErrno.EINTR);
            return sent >= 0 ? FuseErrno.None : LinuxCalls.LastError;
        }
    }

    /// <inheritdoc/>
    public void Interrupt()
    {
        int receiver = _receiver;
        if (receiver != 0) LinuxCalls.WakeThread(receiver);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsDevice) _device.Dispose();
    }
}
