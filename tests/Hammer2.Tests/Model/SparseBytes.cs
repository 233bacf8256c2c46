// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Format;

namespace Hammer2.Tests.Model;

/// <summary>Bytes of which most are zeros: 4 KiB pages that were written. Copies share pages until one of them changes
/// some.</summary>
internal sealed class SparseBytes
{
    private const int PageBytes = 4096;
    private readonly SortedDictionary<long, Page> _pages = [];

    public long Length { get; private set; }

    public SparseBytes Copy()
    {
        var copy = new SparseBytes { Length = Length };
        foreach ((long index, Page page) in _pages)
        {
            page.IsShared = true;
            copy._pages.Add(index, page);
        }
        return copy;
    }

    public void Write(long position, ReadOnlySpan<byte> data)
    {
        Length = Math.Max(Length, position + data.Length);
        while (data.Length > 0)
        {
            int start = (int)(position % PageBytes);
            int part = Math.Min(PageBytes - start, data.Length);
            data[..part].CopyTo(OwnPage(position / PageBytes).AsSpan(start));
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
            if (_pages.TryGetValue(position / PageBytes, out Page? page))
                page.Bytes.AsSpan(start, part).CopyTo(destination);
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
            else OwnPage(index).AsSpan(begin, end - begin).Clear();
        }
    }

    /// <summary>Ranges that may differ from zero.</summary>
    public IEnumerable<long> PageStarts => _pages.Keys.Select(key => key * PageBytes);

    /// <summary>A hash of the page that begins at a position; null for zeros alone. Of a page that copies share it is
    /// computed once.</summary>
    public ulong? HashAt(long start)
    {
        if (!_pages.TryGetValue(start / PageBytes, out Page? page)) return null;
        if (page is { IsShared: true, IsHashed: true }) return page.Hash;
        (page.Hash, page.IsHashed) = (HashOf(page.Bytes), true);
        return page.Hash;
    }

    /// <summary>The hash of a page; null for zeros alone.</summary>
    public static ulong? HashOf(ReadOnlySpan<byte> page) =>
        page.ContainsAnyExcept((byte)0) ? CheckCode.Hash64(page) : null;

    // One that no copy has, to be changed.
    private byte[] OwnPage(long index)
    {
        if (!_pages.TryGetValue(index, out Page? page)) _pages.Add(index, page = new Page(new byte[PageBytes]));
        else if (page.IsShared) _pages[index] = page = new Page((byte[])page.Bytes.Clone());
        return page.Bytes;
    }

    private sealed class Page(byte[] bytes)
    {
        public byte[] Bytes { get; } = bytes;

        // It does not change any more.
        public bool IsShared { get; set; }

        public bool IsHashed { get; set; }

        public ulong? Hash { get; set; }
    }
}
