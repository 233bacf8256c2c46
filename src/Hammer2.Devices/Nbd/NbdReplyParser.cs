// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Globalization;

namespace Hammer2.Devices.Nbd;

/// <summary>
/// Understands what a server sends once an export is in use, in pieces of any length, and stores it in the requests
/// that wait for it.
/// </summary>
/// <remarks>One thread. Its memory is bounded: nothing that the server says makes it larger.</remarks>
/// <param name="requests">The requests.</param>
/// <param name="isStructured">Reads are answered in chunks.</param>
/// <param name="ended">Called for each request that was answered: whether it was a change, and its error in
/// words.</param>
internal sealed class NbdReplyParser(NbdRequestTable requests, bool isStructured, Action<bool, string?> ended)
{
    private const int OffsetBytes = 8;
    private const int HoleBytes = 12;
    private const int ErrorBytesMin = 6;
    private const int ErrorBytesMax = ErrorBytesMin + NbdProtocol.TextBytesMax + OffsetBytes;

    private readonly byte[] _gathered = new byte[ErrorBytesMax];
    private Step _step = Step.Magic;
    private int _have;
    private int _need = sizeof(uint);
    private NbdRequest? _request;
    private ushort _chunkFlags;
    private ushort _chunkType;
    private uint _chunkBytes;
    private long _dataOffset;
    private uint _dataLeft;

    private enum Step
    {
        Magic, Simple, Chunk, DataOffset, Hole, Error, Data,
    }

    /// <summary>True between two replies, when nothing is missing.</summary>
    public bool IsBetween => _step == Step.Magic && _have == 0;

    /// <summary>Takes the next bytes of the server.</summary>
    /// <returns>What is wrong with them; null when nothing is. After a fault it takes no more.</returns>
    public string? Feed(ReadOnlySpan<byte> bytes)
    {
        string? fault = null;
        while (!bytes.IsEmpty && fault is null)
        {
            if (_step == Step.Data)
            {
                int stored = (int)Math.Min((uint)bytes.Length, _dataLeft);
                _request!.Store(_dataOffset, bytes[..stored]);
                _dataOffset += stored;
                _dataLeft -= (uint)stored;
                bytes = bytes[stored..];
                if (_dataLeft == 0) fault = EndChunk();
                continue;
            }
            int taken = Math.Min(bytes.Length, _need - _have);
            bytes[..taken].CopyTo(_gathered.AsSpan(_have));
            _have += taken;
            bytes = bytes[taken..];
            if (_have == _need) fault = Next(_gathered.AsSpan(0, _have));
        }
        return fault;
    }

    private string? Next(ReadOnlySpan<byte> gathered) => _step switch
    {
        Step.Magic => NextMagic(BinaryPrimitives.ReadUInt32BigEndian(gathered)),
        Step.Simple => NextSimple(gathered),
        Step.Chunk => NextChunk(gathered),
        Step.DataOffset => NextData(BinaryPrimitives.ReadUInt64BigEndian(gathered), _chunkBytes - OffsetBytes),
        Step.Hole => NextHole(gathered),
        Step.Error => NextError(gathered),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private string? Gather(Step step, int bytes)
    {
        (_step, _need) = (step, bytes);
        if (step == Step.Magic) _have = 0;
        return null;
    }

    // What follows is gathered from the start of the buffer.
    private string? GatherAnew(Step step, int bytes)
    {
        _have = 0;
        return Gather(step, bytes);
    }

    private string? NextMagic(uint magic) => magic switch
    {
        NbdProtocol.SimpleReplyMagic => Gather(Step.Simple, NbdProtocol.SimpleReplyBytes),
        NbdProtocol.ChunkMagic when isStructured => Gather(Step.Chunk, NbdProtocol.ChunkHeaderBytes),
        NbdProtocol.ChunkMagic => "it sent a structured reply, which was not agreed on",
        _ => Text($"it sent 0x{magic:x8} where a reply begins"),
    };

    private string? NextSimple(ReadOnlySpan<byte> header)
    {
        uint errorNumber = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        if (Find(BinaryPrimitives.ReadUInt64BigEndian(header[8..])) is { } fault) return fault;
        bool isRead = _request!.Command == NbdCommand.Read;
        if (isRead && isStructured) return "it answered a read by a simple reply, and structured ones were agreed on";
        _chunkFlags = NbdProtocol.LastChunk;
        if (errorNumber != 0) _request.Fail(errorNumber, text: null);
        return errorNumber == 0 && isRead ? NextData((ulong)_request.Offset, _request.LengthBytes) : EndChunk();
    }

    private string? NextChunk(ReadOnlySpan<byte> header)
    {
        _chunkFlags = BinaryPrimitives.ReadUInt16BigEndian(header[4..]);
        _chunkType = BinaryPrimitives.ReadUInt16BigEndian(header[6..]);
        _chunkBytes = BinaryPrimitives.ReadUInt32BigEndian(header[16..]);
        if (Find(BinaryPrimitives.ReadUInt64BigEndian(header[8..])) is { } fault) return fault;
        bool isError = (_chunkType & NbdProtocol.ErrorChunkBit) != 0;
        return _chunkType switch
        {
            _ when isError && _chunkBytes is >= ErrorBytesMin and <= ErrorBytesMax =>
                GatherAnew(Step.Error, (int)_chunkBytes),
            NbdProtocol.NoChunk when _chunkBytes == 0 && IsLast => EndChunk(),
            NbdProtocol.DataChunk when _chunkBytes > OffsetBytes && IsRead => GatherAnew(Step.DataOffset, OffsetBytes),
            NbdProtocol.HoleChunk when _chunkBytes == HoleBytes && IsRead => GatherAnew(Step.Hole, HoleBytes),
            _ => Text($"it sent a chunk of type {_chunkType} with {_chunkBytes} bytes in answer to a {_request}"),
        };
    }

    private bool IsLast => (_chunkFlags & NbdProtocol.LastChunk) != 0;

    private bool IsRead => _request!.Command == NbdCommand.Read;

    private string? NextData(ulong offset, uint bytes)
    {
        if (!_request!.TryCover(offset, bytes)) return Outside(offset, bytes);
        (_step, _dataOffset, _dataLeft) = (Step.Data, (long)offset, bytes);
        return null;
    }

    private string? NextHole(ReadOnlySpan<byte> payload)
    {
        ulong offset = BinaryPrimitives.ReadUInt64BigEndian(payload);
        uint bytes = BinaryPrimitives.ReadUInt32BigEndian(payload[8..]);
        if (!_request!.TryCover(offset, bytes)) return Outside(offset, bytes);
        _request.StoreZeroes((long)offset, bytes);
        return EndChunk();
    }

    private string? NextError(ReadOnlySpan<byte> payload)
    {
        uint errorNumber = BinaryPrimitives.ReadUInt32BigEndian(payload);
        int textBytes = BinaryPrimitives.ReadUInt16BigEndian(payload[4..]);
        if (errorNumber == 0 || textBytes > payload.Length - ErrorBytesMin || textBytes > NbdProtocol.TextBytesMax)
            return Text($"it sent an error {errorNumber} with a text of {textBytes} bytes in {payload.Length}");
        _request!.Fail(errorNumber, NbdText.Printable(payload.Slice(ErrorBytesMin, textBytes)));
        return EndChunk();
    }

    private string? EndChunk()
    {
        NbdRequest request = _request!;
        _request = null;
        _ = Gather(Step.Magic, sizeof(uint));
        if (!IsLast) return null;
        // Afterwards it may be in use for another request.
        bool isChange = request.IsChange;
        string? failure = request.ErrorNumber == 0
            ? null : Text($"{request}: error {request.ErrorNumber} {request.ErrorText}").TrimEnd();
        if (!request.TryEnd()) return $"it ended its answer to a {request} before all of it was there";
        ended(isChange, failure);
        return null;
    }

    private string? Find(ulong cookie)
    {
        _request = requests.Find(cookie);
        return _request is null ? Text($"it answered a request 0x{cookie:x} that is not waiting for one") : null;
    }

    private string Outside(ulong offset, uint bytes) =>
        Text($"it sent {bytes} bytes at 0x{offset:x} in answer to a {_request}, outside of it or twice");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
