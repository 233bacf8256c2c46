// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;

namespace Hammer2.Tests.Model;

/// <summary>Bytes of which most are zeros: 4 KiB pages that were written.</summary>
internal sealed class SparseBytes
{
    private const int PageBytes = 4096;
    private readonly SortedDictionary<long, byte[]> _pages = [];

    public long Length { get; private set; }

    public SparseBytes Copy()
    {
        var copy = new SparseBytes { Length = Length };
        foreach ((long page, byte[] bytes) in _pages) copy._pages.Add(page, (byte[])bytes.Clone());
        return copy;
    }

    public void Write(long position, ReadOnlySpan<byte> data)
    {
        Length = Math.Max(Length, position + data.Length);
        while (data.Length > 0)
        {
            int start = (int)(position % PageBytes);
            int part = Math.Min(PageBytes - start, data.Length);
            if (!_pages.TryGetValue(position / PageBytes, out byte[]? page))
                _pages.Add(position / PageBytes, page = new byte[PageBytes]);
            data[..part].CopyTo(page.AsSpan(start));
            position += part;
            data = data[part..];
        }
    }

    public void Read(long position, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int start = (int)(position % PageBytes);
            int part = Math.Min(PageBytes - start, destination.Length);
            if (_pages.TryGetValue(position / PageBytes, out byte[]? page))
                page.AsSpan(start, part).CopyTo(destination);
            else destination[..part].Clear();
            position += part;
            destination = destination[part..];
        }
    }

    public void Resize(long length)
    {
        Clear(length, Length);
        Length = length;
    }

    public void Clear(long from, long to)
    {
        if (from >= to) return;
        foreach (long index in _pages.Keys.Where(
            key => (key + 1) * PageBytes > from && key * PageBytes < to).ToArray())
        {
            int begin = (int)Math.Max(0, from - (index * PageBytes));
            int end = (int)Math.Min(PageBytes, to - (index * PageBytes));
            if (begin == 0 && end == PageBytes) _ = _pages.Remove(index);
            else _pages[index].AsSpan(begin, end - begin).Clear();
        }
    }

    /// <summary>Ranges that may differ from zero.</summary>
    public IEnumerable<long> PageStarts => _pages.Keys.Select(key => key * PageBytes);
}
