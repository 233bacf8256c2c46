// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Devices;

/// <summary>Which of the four copies of a volume header is used.</summary>
public sealed class VolumeHeaderTests
{
    private const long Gigabyte = 1L << 30;
    private static readonly long[] EightGigabytes = [8 * Gigabyte];

    [Theory]
    [InlineData(0x0F0, "CRC of sector 0")]
    [InlineData(0x210, "CRC of sector 1")]
    [InlineData(0x1F8, "CRC of sector 0")]
    [InlineData(0x900, "CRC of the whole header")]
    [InlineData(0xFFFC, "CRC of the whole header")]
    [InlineData(0xFFF0, "CRC of the whole header")]
    public void A_flipped_bit_anywhere_is_detected(int offset, string reason)
    {
        byte[] bytes = HeaderBuilder.Version2(0, EightGigabytes);
        VolumeHeaderCandidate.StoreCrcs(new VolumeHeaderView(bytes));
        var candidate = new VolumeHeaderCandidate(bytes, 0);
        Assert.True(candidate.TryValidate(out VolumeHeader? header, out string? fault));
        Assert.Equal(16UL, header.Fields.MirrorTid);

        byte[] flipped = header.ToArray();
        flipped[offset] ^= 1;
        Assert.False(new VolumeHeaderCandidate(flipped, 0).TryValidate(out header, out fault));
        Assert.Contains(reason, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_of_the_other_byte_order_is_rejected_with_that_reason()
    {
        byte[] bytes = HeaderBuilder.Version2(0, EightGigabytes);
        var header = new VolumeHeaderView(bytes);
        header.Fields.Magic = VolumeHeaderView.MagicSwapped;
        VolumeHeaderCandidate.StoreCrcs(header);
        Assert.False(new VolumeHeaderCandidate(bytes, 0).TryValidate(out _, out string? fault));
        Assert.Contains("other byte order", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_that_follows_another_one_is_as_if_made_from_all_its_bytes()
    {
        using MemoryBlockDevice disk = HeaderBuilder.Volume(0, EightGigabytes);
        byte[] filled = VolumeHeaderCopies.Read(disk).Newest.ToArray();
        filled[0x1000] = 1;
        filled[0xFFFB] = 2;
        VolumeHeader header = VolumeHeaderCandidate.Seal(filled, 0);
        for (int number = 1; number <= 3; number++)
        {
            byte[] bytes = header.ToArray(), page = header.FirstPage.ToArray();
            VolumeHeaderView whole = new(bytes), first = new(page);
            whole.Fields.MirrorTid = first.Fields.MirrorTid += 1;
            whole.FreemapBlockset[0].MirrorTid = first.FreemapBlockset[0].MirrorTid += 7;
            VolumeHeader expected = VolumeHeaderCandidate.Seal(bytes, number);
            header = VolumeHeaderCandidate.SealNext(header, page, number);
            Assert.True(expected.Bytes.SequenceEqual(header.Bytes));
            Assert.Equal(expected.Fingerprint, header.Fingerprint);
            Assert.Equal(number, header.CopyIndex);
            Assert.True(new VolumeHeaderCandidate(header.ToArray(), 0).TryValidate(out _, out _));
        }
    }

    [Fact]
    public void Only_the_changed_pages_of_a_completely_written_copy_are_written_again()
    {
        using MemoryBlockDevice disk = HeaderBuilder.Volume(0, EightGigabytes);
        using var device = new FaultyBlockDevice(new UnownedDevice(disk));
        var writer = new VolumeHeaderWriter(device);
        byte[] bytes = VolumeHeaderCopies.Read(disk).Newest.ToArray();
        for (int number = 1; number <= 20; number++)
        {
            var view = new VolumeHeaderView(bytes = (byte[])bytes.Clone());
            view.Fields.MirrorTid += 1;
            // Sector 0 ends with its CRC, so that the CRC of the whole does not depend on the content of sector 0.
            view.FreemapBlockset[0].MirrorTid += 7;
            // The pages between change once; then every copy is written completely again.
            if (number == 10) bytes[0x8000] ^= 1;
            VolumeHeader header = VolumeHeaderCandidate.Seal(bytes, number % Media.HeaderCopies);
            long before = device.WriteCount;
            // The fourteenth write fails halfway: the next header is written completely to that copy.
            if (number == 14) device.FailWriteNumber(before + 2, keptBytes: 512);
            Hammer2Error expected = number == 14 ? Hammer2Error.Io : Hammer2Error.None;
            Assert.Equal(expected, writer.Write(header));
            bool isWhole = number is <= 4 or (>= 10 and <= 13) or 18;
            Assert.Equal(isWhole ? 1 : 2, device.WriteCount - before);
            VolumeHeaderCopies copies = VolumeHeaderCopies.Read(disk);
            if (number == 14) Assert.NotEqual(header.Fields.MirrorTid, copies.Newest.Fields.MirrorTid);
            else Assert.True(header.Bytes.SequenceEqual(copies.Newest.Bytes), $"{number}");
        }
        VolumeHeader last = VolumeHeaderCopies.Read(disk).Newest;
        Assert.Equal(Hammer2Error.None, writer.WriteSpare(last));
        byte[] spare = new byte[Media.VolumeHeaderBytes];
        Assert.Equal(Hammer2Error.None, disk.Read(Media.SpareHeaderOffset, spare));
        Assert.True(last.Bytes.SequenceEqual(spare));
    }

    [Theory]
    [InlineData(new ulong[] { 5, 6, 7, 4 }, 2)]
    [InlineData(new ulong[] { 9, 6, 7, 8 }, 0)]
    [InlineData(new ulong[] { 5, 7, 7, 7 }, 1)]
    [InlineData(new ulong[] { 3, 3, 3, 3 }, 0)]
    [InlineData(new ulong[] { 1, 0xFFFFFFFFFFFFFFFF, 2, 3 }, 1)]
    public void The_newest_copy_is_used_and_the_first_of_equal_ones(ulong[] tids, int taken)
    {
        using MemoryBlockDevice device = WithTids(tids);
        VolumeHeaderCopies copies = VolumeHeaderCopies.Read(device);
        Assert.Equal(taken, copies.Newest.CopyIndex);
        Assert.Equal(tids[taken], copies.Newest.Fields.MirrorTid);
        Assert.Null(copies.DescribeFallback());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_torn_newest_copy_falls_back_to_the_one_before_it(int torn)
    {
        ulong[] tids = [10, 11, 12, 13];
        tids[torn] = 99;
        using var device = new OverlayBlockDevice(WithTids(tids));
        device.Flip(torn * Media.HeaderZoneBytes + 40_000, 0x80);
        VolumeHeaderCopies copies = VolumeHeaderCopies.Read(device);
        Assert.Equal(torn == 3 ? 2 : 3, copies.Newest.CopyIndex);
        string note = copies.DescribeFallback()!;
        Assert.Contains($"copy {torn} at", note, StringComparison.Ordinal);
        Assert.Contains("CRC of the whole header", note, StringComparison.Ordinal);
    }

    [Fact]
    public void A_copy_that_cannot_be_read_is_skipped()
    {
        using var device = new FaultyBlockDevice(WithTids([1, 2, 3, 4]));
        device.FailReads(3 * Media.HeaderZoneBytes, 512);
        VolumeHeaderCopies copies = VolumeHeaderCopies.Read(device);
        Assert.Equal(2, copies.Newest.CopyIndex);
        Assert.Contains("copy 3 at 0x180000000: it cannot be read", copies.DescribeFallback(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_copy_of_another_filesystem_is_ignored()
    {
        using MemoryBlockDevice device = WithTids([1, 2, 50, 3]);
        HeaderBuilder.WriteCopy(device, 2, HeaderBuilder.Version2(0, EightGigabytes), header =>
        {
            header.Fields.MirrorTid = 50;
            header.Fields.FilesystemId = MediaUuid.From(new Guid("99999999-2222-3333-4444-555555555555"));
        });
        VolumeHeaderCopies copies = VolumeHeaderCopies.Read(device);
        Assert.Equal(3, copies.Newest.CopyIndex);
        Assert.Contains("copy 2 at 0x100000000: it belongs to another filesystem", copies.DescribeFallback(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "the device has 0 bytes")]
    [InlineData(1000, "the device has 1000 bytes")]
    [InlineData(1 << 20, "copy 0 at 0x0: all bytes are zero")]
    [InlineData((2L << 30) + 4096, "copy 1 at 0x80000000: the device ends within it")]
    public void A_device_without_a_header_is_rejected_with_the_reason(long lengthBytes, string reason)
    {
        using var device = new MemoryBlockDevice(lengthBytes, "some.img");
        string message = Assert.Throws<NotHammer2Exception>(() => VolumeHeaderCopies.Read(device)).Message;
        Assert.StartsWith("some.img: no valid HAMMER2 volume header", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    private static MemoryBlockDevice WithTids(ulong[] tids)
    {
        var device = new MemoryBlockDevice(EightGigabytes[0]);
        for (int copy = 0; copy < tids.Length; copy++)
        {
            ulong tid = tids[copy];
            HeaderBuilder.WriteCopy(device, copy, HeaderBuilder.Version2(0, EightGigabytes),
                header => header.Fields.MirrorTid = tid);
        }
        return device;
    }
}
