// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.IO.Compression;

namespace Hammer2.Format;

/// <summary>
/// A zlib stream inside a block, through the BCL. The BCL needs a <see cref="Stream"/>, so each thread keeps one over
/// its own 64 KiB copy of the block.
/// </summary>
internal static class ZlibBlock
{
    private const int DictionaryFlag = 0x20;

    [ThreadStatic]
    private static BlockStream? t_stream;

    /// <summary>
    /// Decodes the stream at the start of <paramref name="stored"/> and ignores what follows it.
    /// False when it is malformed, does not end within the block, or holds more than
    /// <paramref name="destination"/>.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> stored, Span<byte> destination, out int decodedBytes)
    {
        decodedBytes = 0;

        // zlib allows a preset dictionary, but HAMMER2 defines none.
        if (stored.Length is < 2 or > Media.AllocationBytesMax
            || (stored[1] & DictionaryFlag) != 0) return false;

        BlockStream source = t_stream ??= new BlockStream();
        source.Fill(stored);
        try
        {
            using var zlib = new ZLibStream(source, CompressionMode.Decompress, leaveOpen: true);
            int total = 0;
            while (total < destination.Length)
            {
                int read = zlib.Read(destination[total..]);
                if (read == 0) break;
                total += read;
            }

            // Reading one byte more shows whether the stream ends here, and makes the decoder compare the checksum. The
            // decoder reports no error for a truncated stream, but it has then read past the end of the block.
            Span<byte> beyond = stackalloc byte[1];
            if (zlib.Read(beyond) != 0 || source.WasExhausted) return false;
            decodedBytes = total;
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>Encodes <paramref name="logical"/> at <paramref name="level"/>, 1 to 9; false when
    /// the stream does not fit into <paramref name="destination"/>.</summary>
    public static bool TryEncode(
        ReadOnlySpan<byte> logical, int level, Span<byte> destination, out int encodedBytes)
    {
        encodedBytes = 0;
        BlockStream target = t_stream ??= new BlockStream();
        target.Empty(destination.Length);
        var options = new ZLibCompressionOptions { CompressionLevel = level };
        using (var zlib = new ZLibStream(target, options, leaveOpen: true))
        {
            zlib.Write(logical);
        }

        if (target.WasExhausted) return false;
        target.Content.CopyTo(destination);
        encodedBytes = target.Content.Length;
        return true;
    }

    /// <summary>A stream over at most 64 KiB that records whether a read or a write went past its end.</summary>
    private sealed class BlockStream : Stream
    {
        private readonly byte[] _bytes = new byte[Media.AllocationBytesMax];
        private int _length;
        private int _position;

        public bool WasExhausted { get; private set; }

        public ReadOnlySpan<byte> Content => _bytes.AsSpan(0, _position);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        /// <summary>Rewinds the stream and replaces its content with <paramref name="content"/>, to be read.</summary>
        public void Fill(ReadOnlySpan<byte> content)
        {
            content.CopyTo(_bytes);
            (_length, _position, WasExhausted) = (content.Length, 0, false);
        }

        /// <summary>Rewinds the stream to be written, with a capacity of <paramref name="room"/> bytes.</summary>
        public void Empty(int room) =>
            (_length, _position, WasExhausted) = (Math.Min(room, _bytes.Length), 0, false);

        public override int Read(Span<byte> buffer)
        {
            int count = Math.Min(buffer.Length, _length - _position);
            WasExhausted |= count == 0 && buffer.Length != 0;
            _bytes.AsSpan(_position, count).CopyTo(buffer);
            _position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            int count = Math.Min(buffer.Length, _length - _position);
            WasExhausted |= count < buffer.Length;
            buffer[..count].CopyTo(_bytes.AsSpan(_position));
            _position += count;
        }

        public override void Write(byte[] buffer, int offset, int count) =>
            Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
