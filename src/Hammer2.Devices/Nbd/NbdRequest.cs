// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Globalization;
using Concurrency;

namespace Hammer2.Devices.Nbd;

/// <summary>
/// One request that may be in flight: used again and again. One thread begins it and waits for it; the receiver stores
/// what the server answers.
/// </summary>
/// <remarks>Thread-safe where it says so. The memory of the caller is touched only with the lock held, so that a caller
/// who gives up may use it for something else.</remarks>
internal sealed unsafe class NbdRequest(int index)
{
    private const int IndexBits = 8;

    private readonly RankedMonitor _lock = new(LockRank.NbdRequest);
    private readonly CoveredRanges _covered = new();
    private ulong _cookie = (ulong)index;
    private byte* _memory;
    private bool _isInUse;
    private bool _isDone;

    /// <summary>Its place in the table.</summary>
    public int Index => index;

    /// <summary>What it asks for.</summary>
    public NbdCommand Command { get; private set; }

    /// <summary>First byte on the export.</summary>
    public long Offset { get; private set; }

    /// <summary>Number of bytes.</summary>
    public uint LengthBytes { get; private set; }

    /// <summary>When it must be answered: a timestamp.</summary>
    public long Deadline { get; private set; }

    /// <summary>The server's error number; 0 for none. Defined once it is done.</summary>
    public uint ErrorNumber { get; private set; }

    /// <summary>What the server said of the error; null when nothing.</summary>
    public string? ErrorText { get; private set; }

    /// <summary>True when the export may differ after it.</summary>
    public bool IsChange => Command is NbdCommand.Write or NbdCommand.Trim or NbdCommand.WriteZeroes;

    /// <summary>Number of the request that is in a place, from the number in a reply.</summary>
    public static int IndexOf(ulong cookie) => (int)(cookie & ((1 << IndexBits) - 1));

    /// <summary>Starts the use for a request.</summary>
    /// <param name="command">What it asks for.</param>
    /// <param name="offset">First byte on the export.</param>
    /// <param name="lengthBytes">Number of bytes.</param>
    /// <param name="memory">Where a read stores them, as many bytes.</param>
    /// <param name="deadline">When it must be answered.</param>
    public void Begin(NbdCommand command, long offset, uint lengthBytes, byte* memory, long deadline)
    {
        using (_lock.EnterScope())
        {
            (Command, Offset, LengthBytes, Deadline) = (command, offset, lengthBytes, deadline);
            _cookie += 1 << IndexBits;
            _memory = command == NbdCommand.Read ? memory : null;
            _covered.Clear();
            ErrorNumber = 0;
            ErrorText = null;
            _isDone = false;
            _isInUse = true;
        }
    }

    /// <summary>Writes it as the server reads it.</summary>
    /// <param name="flags">Modifications.</param>
    /// <param name="header">Room for <see cref="NbdProtocol.RequestBytes"/>.</param>
    public void WriteHeader(NbdCommandFlags flags, Span<byte> header)
    {
        BinaryPrimitives.WriteUInt32BigEndian(header, NbdProtocol.RequestMagic);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)flags);
        BinaryPrimitives.WriteUInt16BigEndian(header[6..], (ushort)Command);
        BinaryPrimitives.WriteUInt64BigEndian(header[8..], _cookie);
        BinaryPrimitives.WriteUInt64BigEndian(header[16..], (ulong)Offset);
        BinaryPrimitives.WriteUInt32BigEndian(header[24..], LengthBytes);
    }

    /// <summary>True when a reply with this number is one to it.</summary>
    public bool IsAwaited(ulong cookie)
    {
        using (_lock.EnterScope()) return _isInUse && !_isDone && _cookie == cookie;
    }

    /// <summary>Takes a range of the export as answered.</summary>
    /// <returns>False when it is not part of the request, or was answered before.</returns>
    public bool TryCover(ulong offset, uint lengthBytes)
    {
        using (_lock.EnterScope())
        {
            ulong first = (ulong)Offset;
            bool isWithin = lengthBytes > 0 && offset >= first && offset - first <= LengthBytes
                && lengthBytes <= LengthBytes - (offset - first);
            return isWithin && _covered.TryAdd((long)offset, lengthBytes);
        }
    }

    /// <summary>Stores bytes of a range that is covered, if the caller still waits.</summary>
    public void Store(long offset, ReadOnlySpan<byte> bytes)
    {
        using (_lock.EnterScope())
        {
            if (_memory is not null) bytes.CopyTo(new Span<byte>(_memory + (offset - Offset), bytes.Length));
        }
    }

    /// <summary>Stores zeros in a range that is covered.</summary>
    public void StoreZeroes(long offset, uint lengthBytes)
    {
        using (_lock.EnterScope())
        {
            if (_memory is not null) new Span<byte>(_memory + (offset - Offset), (int)lengthBytes).Clear();
        }
    }

    /// <summary>Keeps an error of the server; the first one counts.</summary>
    /// <param name="errorNumber">Its number, not 0.</param>
    /// <param name="text">Its words; null when it has none.</param>
    public void Fail(uint errorNumber, string? text)
    {
        using (_lock.EnterScope())
        {
            if (ErrorNumber == 0) (ErrorNumber, ErrorText) = (errorNumber, text);
        }
    }

    /// <summary>Ends it.</summary>
    /// <returns>False when the server said that a read succeeded, but did not send all of it: it is not
    /// ended.</returns>
    public bool TryEnd()
    {
        using (_lock.EnterScope())
        {
            if (Command == NbdCommand.Read && ErrorNumber == 0 && !_covered.IsAll(Offset, LengthBytes)) return false;
            _isDone = true;
            _memory = null;
            _lock.PulseAll();
            return true;
        }
    }

    /// <summary>Waits until it is done, its deadline has passed, or the connection has failed.</summary>
    /// <param name="time">Gives the time.</param>
    /// <param name="hasFailed">Tells whether the connection has failed.</param>
    /// <returns>False when it is not done: nothing is stored in the caller's memory any more.</returns>
    public bool Await(TimeProvider time, Func<bool> hasFailed)
    {
        using (_lock.EnterScope())
        {
            while (!_isDone && !hasFailed())
            {
                TimeSpan left = time.GetElapsedTime(time.GetTimestamp(), Deadline);
                if (left <= TimeSpan.Zero) break;
                _ = _lock.Wait(left);
            }
            _memory = null;
            return _isDone;
        }
    }

    /// <summary>Wakes the thread that waits, to look whether the connection has failed.</summary>
    public void Wake()
    {
        using (_lock.EnterScope()) _lock.PulseAll();
    }

    /// <summary>Ends the use of a request that is done, or was never sent.</summary>
    public void Release()
    {
        using (_lock.EnterScope()) _isInUse = false;
    }

    /// <inheritdoc/>
    public override string ToString() => Command == NbdCommand.Flush ? "flush" : string.Create(
        CultureInfo.InvariantCulture, $"{Name} of {LengthBytes} bytes at 0x{Offset:x}");

    private string Name => Command switch
    {
        NbdCommand.Read => "read",
        NbdCommand.Write => "write",
        NbdCommand.Trim => "trim",
        NbdCommand.WriteZeroes => "write of zeros",
        _ => Command.ToString(),
    };
}
