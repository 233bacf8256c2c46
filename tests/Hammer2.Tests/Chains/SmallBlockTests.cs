// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Chains.Trees;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>Blocks shorter than a page of the page cache.</summary>
public sealed class SmallBlockTests
{
    private const int PageBytes = 4096;

    [Fact]
    public void The_first_block_of_a_page_clears_the_rest_of_it_and_later_blocks_do_not()
    {
        using var volume = new WritableVolume("empty-newfs");
        Assert.Equal(Hammer2Error.None, volume.Device.OpenForWriting());
        BlockWriter writer = volume.Device.Committer!.Writer;
        Blockref before = PlaceAtEndOfPage(writer, isOwnGranule: true);
        ulong page = before.Data.Bytes + Media.AllocationBytesMin;
        Assert.Equal(Hammer2Error.None, volume.Disk.Write((long)page, Filled(PageBytes, 0xEE)));

        Blockref opener = Place(writer);
        Assert.Equal(page, opener.Data.Bytes);
        Assert.Equal(new byte[PageBytes], Read(volume, page, PageBytes));

        // The page before is not changed, nor is the space after the last block.
        byte[] content = Filled(Media.AllocationBytesMin, 0x11);
        Assert.Equal(Hammer2Error.None, writer.WriteAllocated(before, content, isReadHere: true));
        Assert.Equal(Hammer2Error.None, writer.WriteAllocated(opener, content, isReadHere: true));
        Blockref follower = Place(writer);
        Assert.Equal(page + Media.AllocationBytesMin, follower.Data.Bytes);
        Assert.Equal(content, Read(volume, before.Data.Bytes, content.Length));
        Assert.Equal(content, Read(volume, page, content.Length));
    }

    [Fact]
    public void In_a_granule_that_was_partly_used_before_nothing_else_is_written()
    {
        using var volume = new WritableVolume("empty-newfs");
        volume.Commit(volume.Edit(isFile: false));
        volume.Reopen();
        Assert.Equal(Hammer2Error.None, volume.Device.OpenForWriting());
        BlockWriter writer = volume.Device.Committer!.Writer;
        ulong page = PlaceAtEndOfPage(writer, isOwnGranule: false).Data.Bytes + Media.AllocationBytesMin;
        byte[] foreign = Filled(PageBytes, 0xEE);
        Assert.Equal(Hammer2Error.None, volume.Disk.Write((long)page, foreign));
        Assert.Equal(page, Place(writer).Data.Bytes);
        Assert.Equal(foreign, Read(volume, page, PageBytes));
    }

    // The last KiB of a page that is not the last page of a granule; of the one that was begun before, or of the next.
    private static Blockref PlaceAtEndOfPage(BlockWriter writer, bool isOwnGranule)
    {
        bool isOwn = false;
        for (int i = 0; i < 2 * Media.GranuleBytes / Media.AllocationBytesMin; i++)
        {
            Blockref placed = Place(writer);
            isOwn |= placed.Data.Bytes % Media.GranuleBytes == 0;
            ulong end = placed.Data.Bytes + Media.AllocationBytesMin;
            if (isOwn == isOwnGranule && end % PageBytes == 0 && end % Media.GranuleBytes != 0) return placed;
        }
        throw new InvalidOperationException("no block came to lie at the end of a page");
    }

    private static Blockref Place(BlockWriter writer)
    {
        var reference = new Blockref
        {
            Type = BlockrefType.Inode,
            Methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None),
        };
        Assert.Equal(Hammer2Error.None, writer.Allocate(ref reference, Media.AllocationBytesMin));
        return reference;
    }

    private static byte[] Read(WritableVolume volume, ulong offset, int bytes)
    {
        byte[] found = new byte[bytes];
        Assert.Equal(Hammer2Error.None, volume.Disk.Read((long)offset, found));
        return found;
    }

    private static byte[] Filled(int bytes, byte value) => [.. Enumerable.Repeat(value, bytes)];
}
