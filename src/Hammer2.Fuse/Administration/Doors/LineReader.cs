// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Administration.Doors;

/// <summary>An open file of lines that come one by one.</summary>
/// <remarks>Used by one request at a time.</remarks>
internal abstract class LineReader : IDisposable
{
    private ReadOnlyMemory<byte> _rest;         // of the line that did not fit the last read

    /// <summary>Reads on.</summary>
    /// <param name="data">Receives lines; the last one may be continued by the next call.</param>
    /// <returns>Number of bytes; 0 when there is no further line now.</returns>
    public int Read(Span<byte> data)
    {
        Begin();
        int total = 0;
        while (total < data.Length)
        {
            if (_rest.IsEmpty && !TryTakeLine(out _rest)) break;
            int bytes = Math.Min(_rest.Length, data.Length - total);
            _rest.Span[..bytes].CopyTo(data[total..]);
            _rest = _rest[bytes..];
            total += bytes;
        }
        return total;
    }

    /// <summary>Whether something can be read.</summary>
    /// <param name="wake">Called once with the next line, when there is none now; null to ask only.</param>
    public bool Poll(Action? wake) => !_rest.IsEmpty || PollSource(wake);

    /// <summary>Waits for no further line.</summary>
    public abstract void Dispose();

    /// <summary>Called at the beginning of each read.</summary>
    protected virtual void Begin()
    {
    }

    /// <summary>The next line, with its newline.</summary>
    protected abstract bool TryTakeLine(out ReadOnlyMemory<byte> line);

    /// <summary>Whether there is a next line; has an action called with it when there is none.</summary>
    protected abstract bool PollSource(Action? wake);
}
