// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Testing;

/// <summary>One connection of a <see cref="FakeNbdServer"/>.</summary>
internal sealed class FakeNbdSession(
    FakeNbdServer server, Socket socket, IBlockDevice disk, FakeNbdOptions options) : IDisposable
{
    private const int RequestBytes = 28;
    private const uint InputOutputError = 5;

    private readonly Lock _sendLock = new();
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly Queue<FakeNbdRequest> _held = new();
    private readonly List<FakeNbdRequest> _waiting = [];
    private readonly Dictionary<int, int> _numbers = [];
    private readonly SeededRandom? _random = options.ShufflingSeed is { } seed ? new SeededRandom(seed) : null;
    private bool _isStructured;

    /// <summary>Serves until the connection ends.</summary>
    public void Run()
    {
        try
        {
            if (Handshake()) Serve();
        }
        catch (Exception ended) when (ended is IOException or ObjectDisposedException or EndOfStreamException)
        {
            // The client went away, or a test cut the connection.
        }
        Dispose();
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _stream.Dispose();

    /// <summary>Ends it; nothing that is held is executed any more.</summary>
    public void Kill()
    {
        lock (_sendLock)
        {
            _held.Clear();
            _stream.Dispose();
        }
    }

    /// <summary>Executes and answers what is held.</summary>
    public void Release()
    {
        lock (_sendLock)
        {
            while (_held.TryDequeue(out FakeNbdRequest? request)) Answer(request, 0);
        }
    }

    private bool Handshake()
    {
        if (options.HangsInHandshake) Thread.Sleep(Timeout.Infinite);
        _stream.Write(options.Greeting ?? [.. "NBDMAGICIHAVEOPT"u8, 0, 3]);
        Span<byte> flags = stackalloc byte[sizeof(uint)];
        _stream.ReadExactly(flags);
        byte[] header = new byte[16];
        while (true)
        {
            _stream.ReadExactly(header);
            uint option = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8));
            byte[] data = new byte[BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12))];
            _stream.ReadExactly(data);
            if (options.Option?.Invoke(option) is { } other)
            {
                if (other.Length == 0) return false;
                _stream.Write(other);
                continue;
            }
            if (option == 8 && options.IsStructured)
            {
                _isStructured = true;
                OptionReply(option, 1, []);
            }
            else if (option == 7 && NameIn(data) == options.Export)
            {
                Tell(option);
                return true;
            }
            else OptionReply(option, option == 7 ? 0x8000_0006 : 0x8000_0001, "no such thing\n"u8);
        }
    }

    private static string NameIn(byte[] data) =>
        Encoding.UTF8.GetString(data, sizeof(uint), (int)BinaryPrimitives.ReadUInt32BigEndian(data));

    private void Tell(uint option)
    {
        byte[] export = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(export.AsSpan(2), options.LengthBytes ?? (ulong)disk.LengthBytes);
        BinaryPrimitives.WriteUInt16BigEndian(export.AsSpan(10), options.Flags);
        OptionReply(option, 3, export);
        if (options.BlockSizes is var (least, preferred, greatest))
        {
            byte[] sizes = new byte[14];
            sizes[1] = 3;
            BinaryPrimitives.WriteUInt32BigEndian(sizes.AsSpan(2), least);
            BinaryPrimitives.WriteUInt32BigEndian(sizes.AsSpan(6), preferred);
            BinaryPrimitives.WriteUInt32BigEndian(sizes.AsSpan(10), greatest);
            OptionReply(option, 3, sizes);
        }
        OptionReply(option, 1, []);
    }

    private void OptionReply(uint option, uint type, ReadOnlySpan<byte> data)
    {
        byte[] reply = new byte[20 + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(reply, 0x3E889045565A9);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(8), option);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(12), type);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(16), (uint)data.Length);
        data.CopyTo(reply.AsSpan(20));
        _stream.Write(reply);
    }

    private void Serve()
    {
        byte[] header = new byte[RequestBytes];
        while (true)
        {
            if (_random is not null && socket.Available == 0) AnswerWaiting();
            _stream.ReadExactly(header);
            if (BinaryPrimitives.ReadUInt32BigEndian(header) != 0x25609513) throw new IOException("no request");
            int command = header[7];
            int number = _numbers[command] = _numbers.GetValueOrDefault(command) + 1;
            FakeNbdRequest request = FakeNbdRequest.Parse(header, number);
            if (command == 1)
            {
                byte[] payload = new byte[request.LengthBytes];
                _stream.ReadExactly(payload);
                request = request with { Payload = payload };
            }
            FakeNbdAction action = server.Take(request);
            if (command == 2 || action.Kind == FakeNbdActionKind.Drop) return;
            lock (_sendLock)
            {
                if (action.Kind == FakeNbdActionKind.Hold) _held.Enqueue(request);
                else if (action.Kind == FakeNbdActionKind.Raw) _stream.Write(action.Bytes!);
                else if (_random is not null && action.ErrorNumber == 0) _waiting.Add(request);
                else Answer(request, action.ErrorNumber);
            }
        }
    }

    private void AnswerWaiting()
    {
        lock (_sendLock)
        {
            while (_waiting.Count > 0)
            {
                int at = _random!.Below(_waiting.Count);
                Answer(_waiting[at], 0);
                _waiting.RemoveAt(at);
            }
        }
    }

    private void Answer(FakeNbdRequest request, uint errorNumber)
    {
        byte[] data = request.Command == 0 && errorNumber == 0 ? new byte[request.LengthBytes] : [];
        if (errorNumber == 0 && Execute(request, data) != Hammer2Error.None) errorNumber = InputOutputError;
        if (!_isStructured || (request.Command != 0 && _random?.Chance(50) != true))
        {
            SendSimple(request.Cookie, errorNumber, data);
            return;
        }
        if (errorNumber != 0) SendError(request.Cookie, errorNumber);
        else if (request.Command != 0) SendChunk(request.Cookie, isLast: true, 0, []);
        else SendData(request, data);
    }

    private Hammer2Error Execute(FakeNbdRequest request, byte[] data) => request.Command switch
    {
        0 => disk.Read((long)request.Offset, data),
        1 => disk.Write((long)request.Offset, request.Payload),
        3 => disk.Flush(),
        4 => disk.Discard((long)request.Offset, request.LengthBytes),
        6 => disk.Write((long)request.Offset, new byte[request.LengthBytes]),
        _ => Hammer2Error.Io,
    };

    private void SendSimple(ulong cookie, uint errorNumber, byte[] data)
    {
        byte[] reply = new byte[16 + (errorNumber == 0 ? data.Length : 0)];
        BinaryPrimitives.WriteUInt32BigEndian(reply, 0x67446698);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(4), errorNumber);
        BinaryPrimitives.WriteUInt64BigEndian(reply.AsSpan(8), cookie);
        if (errorNumber == 0) data.CopyTo(reply, 16);
        _stream.Write(reply);
    }

    private void SendError(ulong cookie, uint errorNumber)
    {
        byte[] payload = [0, 0, 0, (byte)errorNumber, 0, 3, .. "bad"u8];
        SendChunk(cookie, isLast: true, 0x8001, payload);
    }

    private void SendData(FakeNbdRequest request, byte[] data)
    {
        var pieces = new List<(int First, int Length)>();
        for (int at = 0; at < data.Length;)
        {
            int length = _random is null ? data.Length : (int)Math.Min(data.Length - at, _random.Between(1, 70_000));
            pieces.Add((at, length));
            at += length;
        }
        while (pieces.Count > 0)
        {
            int next = _random?.Below(pieces.Count) ?? 0;
            (int first, int length) = pieces[next];
            pieces.RemoveAt(next);
            Span<byte> piece = data.AsSpan(first, length);
            bool isHole = _random is not null && piece.IndexOfAnyExcept((byte)0) < 0;
            byte[] payload = new byte[8 + (isHole ? sizeof(uint) : length)];
            BinaryPrimitives.WriteUInt64BigEndian(payload, request.Offset + (ulong)first);
            if (isHole) BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(8), (uint)length);
            else piece.CopyTo(payload.AsSpan(8));
            SendChunk(request.Cookie, pieces.Count == 0, isHole ? (ushort)2 : (ushort)1, payload);
        }
    }

    private void SendChunk(ulong cookie, bool isLast, ushort type, byte[] payload)
    {
        byte[] chunk = new byte[20 + payload.Length];
        BinaryPrimitives.WriteUInt32BigEndian(chunk, 0x668E33EF);
        chunk[5] = isLast ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16BigEndian(chunk.AsSpan(6), type);
        BinaryPrimitives.WriteUInt64BigEndian(chunk.AsSpan(8), cookie);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(16), (uint)payload.Length);
        payload.CopyTo(chunk, 20);
        _stream.Write(chunk);
    }
}
