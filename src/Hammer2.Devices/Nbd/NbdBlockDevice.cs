// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using Concurrency;
using Hammer2.Format;

namespace Hammer2.Devices.Nbd;

/// <summary>An export of an NBD server as a device.</summary>
/// <remarks>
/// Synchronous: a write returns after its reply, so that a flush that is sent later covers it. A device whose
/// connection failed stays failed: what it wrote since the last flush may be lost, and a new connection must not hide
/// that. It is opened anew, as another object, by the one who decides about the node.
/// </remarks>
internal sealed unsafe class NbdBlockDevice : IBlockDevice, IIdentifiedDevice
{
    private const int ImageSectorBytes = 512;
    private const int ZeroesBytesMin = 32 << 10;        // below this a request without data saves nothing

    // Guards blocks of which a write covers a part.
    private readonly RankedLock _partLock = new(LockRank.NbdPartialWrite);
    private readonly NbdAddress _address;
    private readonly NbdConnection _connection;
    private readonly NbdCommandFlags _writeFlags;
    private readonly bool _trustsNoLateWrites;
    private volatile bool _cannotDiscard;
    private volatile bool _cannotZero;
    private volatile bool _isReadOnly;

    private NbdBlockDevice(NbdAddress address, NbdConnection connection, bool isReadOnly)
    {
        _address = address;
        _connection = connection;
        NbdExport export = connection.Export;
        Name = address.Text;
        Identity = address.Identity;
        _isReadOnly = isReadOnly;
        _trustsNoLateWrites = address.Options.TrustsNoLateWrites;
        _cannotDiscard = !export.Flags.HasFlag(NbdExportFlags.Trim);
        _cannotZero = !export.Flags.HasFlag(NbdExportFlags.WriteZeroes);
        _writeFlags = !export.CanFlush && export.CanForce
            ? NbdCommandFlags.ForcedUnitAccess : NbdCommandFlags.None;
        SectorBytes = Math.Max(export.BlockBytesMin, ImageSectorBytes);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public DeviceIdentity? Identity { get; }

    /// <inheritdoc/>
    public long LengthBytes => _connection.Export.LengthBytes;

    /// <inheritdoc/>
    public int SectorBytes { get; }

    /// <inheritdoc/>
    public bool IsReadOnly => _isReadOnly;

    /// <inheritdoc/>
    public bool CanBeWritten => !_connection.Export.IsReadOnly;

    /// <inheritdoc/>
    /// <remarks>Servers know no locks: <see cref="Claims.ClaimedBlockDevice"/> claims the export.</remarks>
    public void BeginWriting()
    {
        RefuseUnwritable(_address, _connection.Export);
        _isReadOnly = false;
    }

    /// <inheritdoc/>
    public void EndWriting() => _isReadOnly = true;

    /// <inheritdoc/>
    public string? Failure => _connection.Failure;

    /// <inheritdoc/>
    public string? Unsettled => _trustsNoLateWrites ? null : _connection.Unsettled;

    /// <summary>Connects to an export.</summary>
    /// <exception cref="DeviceOpenException">The server cannot be reached, refuses, or breaks the protocol.</exception>
    /// <exception cref="WriteProtectedException">It was to be written, and is read-only or cannot be made
    /// durable.</exception>
    public static NbdBlockDevice Open(NbdAddress address, NbdBlockDeviceOptions options)
    {
        NbdLink? link = null;
        try
        {
            link = NbdLink.Connect(address, options.Time);
            NbdExport export = NbdHandshake.Run(link, address);
            if (!options.IsReadOnly) RefuseUnwritable(address, export);
            var parameters = new NbdConnectionOptions(
                address.Text, options.Timeout ?? address.Options.Timeout, options.Logger)
            {
                Scheduler = options.Scheduler,
                Time = options.Time,
            };
            var connection = new NbdConnection(link, export, parameters);
            link = null;
            return new NbdBlockDevice(address, connection, options.IsReadOnly || export.IsReadOnly);
        }
        catch (NbdProtocolException failure)
        {
            throw new DeviceOpenException(address.Text, failure.Message, failure);
        }
        finally
        {
            link?.Dispose();
        }
    }

    /// <inheritdoc/>
    public Hammer2Error Read(long offset, Span<byte> destination)
    {
        if (!Contains(offset, destination.Length)) return Hammer2Error.Io;
        if (destination.IsEmpty) return Hammer2Error.None;
        (long first, long end) = NbdPieces.Around(offset, destination.Length, _connection.Export.BlockBytesMin);
        int length = (int)(end - first);
        if (length == destination.Length) return Transfer(NbdCommand.Read, destination, offset);
        byte[] blocks = ArrayPool<byte>.Shared.Rent(length);
        Hammer2Error error = Transfer(NbdCommand.Read, blocks.AsSpan(0, length), first);
        blocks.AsSpan((int)(offset - first), destination.Length).CopyTo(destination);
        ArrayPool<byte>.Shared.Return(blocks);
        return error;
    }

    /// <inheritdoc/>
    /// <remarks>Zeros are not sent where the server can write them by itself.</remarks>
    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
    {
        if (IsReadOnly) return Hammer2Error.ReadOnly;
        if (!Contains(offset, source.Length)) return Hammer2Error.Io;
        if (source.IsEmpty) return Hammer2Error.None;
        (long first, long end) = NbdPieces.Within(offset, source.Length, _connection.Export.BlockBytesMin);
        if (end <= first) return WritePart(offset, source);
        int head = (int)(first - offset), tail = (int)(offset + source.Length - end);
        Hammer2Error error = Hammer2Error.None;
        if (head > 0) error = WritePart(offset, source[..head]);
        if (error == Hammer2Error.None) error = WriteWhole(first, source[head..^tail]);
        if (error == Hammer2Error.None && tail > 0) error = WritePart(end, source[^tail..]);
        return error;
    }

    /// <inheritdoc/>
    /// <remarks>Covers every write that returned before, since those have been answered. Where the server cannot flush,
    /// each write is durable by itself when its reply comes, or the user said that it need not be.</remarks>
    public Hammer2Error Flush()
    {
        if (IsReadOnly) return Hammer2Error.None;
        if (_connection.Export.CanFlush) return _connection.Flush();
        return Failure is null ? Hammer2Error.None : Hammer2Error.Io;
    }

    /// <inheritdoc/>
    public Hammer2Error Discard(long offset, long lengthBytes)
    {
        if (IsReadOnly) return Hammer2Error.ReadOnly;
        if (!Contains(offset, lengthBytes)) return Hammer2Error.Io;
        (long first, long end) = NbdPieces.Within(offset, lengthBytes, _connection.Export.BlockBytesMin);
        if (_cannotDiscard || end <= first) return Hammer2Error.None;
        Hammer2Error error = _connection.Transfer(
            NbdCommand.Trim, NbdCommandFlags.None, null, first, end - first, out uint errorNumber);
        if (errorNumber is not (NbdProtocol.NotSupported or NbdProtocol.Invalid)) return error;
        _cannotDiscard = true;
        return Hammer2Error.None;
    }

    /// <summary>Ends the connection. Nothing is flushed.</summary>
    public void Dispose() => _connection.Dispose();

    private static void RefuseUnwritable(NbdAddress address, NbdExport export)
    {
        if (export.IsReadOnly)
            throw new WriteProtectedException(address.Text, "its server exports it read-only");
        if (export.CanFlush || export.CanForce || address.Options.TrustsWithoutFlush) return;
        throw new WriteProtectedException(address.Text, "its server can make nothing durable (it has neither FLUSH nor "
            + "FUA), so that it is not written; noflush=trust in its address takes that risk");
    }

    private Hammer2Error WriteWhole(long offset, ReadOnlySpan<byte> source)
    {
        if (!_cannotZero && source.Length >= ZeroesBytesMin && source.IndexOfAnyExcept((byte)0) < 0)
        {
            Hammer2Error error = _connection.Transfer(NbdCommand.WriteZeroes, _writeFlags | NbdCommandFlags.NoHole,
                null, offset, source.Length, out uint errorNumber);
            if (errorNumber is not (NbdProtocol.NotSupported or NbdProtocol.Invalid)) return error;
            _cannotZero = true;
        }
        return Transfer(NbdCommand.Write, source, offset);
    }

    // A part of one block: the rest of it is read and written again.
    private Hammer2Error WritePart(long offset, ReadOnlySpan<byte> source)
    {
        (long first, long end) = NbdPieces.Around(offset, source.Length, _connection.Export.BlockBytesMin);
        byte[] rented = ArrayPool<byte>.Shared.Rent((int)(end - first));
        Span<byte> blocks = rented.AsSpan(0, (int)(end - first));
        Hammer2Error error;
        using (_partLock.EnterScope())
        {
            error = Transfer(NbdCommand.Read, blocks, first);
            source.CopyTo(blocks[(int)(offset - first)..]);
            if (error == Hammer2Error.None) error = Transfer(NbdCommand.Write, blocks, first);
        }
        ArrayPool<byte>.Shared.Return(rented);
        return error;
    }

    private Hammer2Error Transfer(NbdCommand command, ReadOnlySpan<byte> memory, long offset)
    {
        fixed (byte* first = memory)
        {
            return _connection.Transfer(command, command == NbdCommand.Write ? _writeFlags : NbdCommandFlags.None,
                first, offset, memory.Length, out _);
        }
    }

    private bool Contains(long offset, long lengthBytes)
        => offset >= 0 && lengthBytes >= 0 && offset <= LengthBytes && lengthBytes <= LengthBytes - offset;
}
