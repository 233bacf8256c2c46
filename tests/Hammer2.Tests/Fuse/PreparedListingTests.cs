// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Fuse;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>
/// Goal: a listing shows the same whether it was prepared or not, and never what is not so any more.
/// Method: a directory of some thousand files on a device in memory, listed through what was prepared, with changes
/// and other listings before and during it.
/// </summary>
public sealed class PreparedListingTests : IDisposable
{
    private const int FilesTotal = 4000;
    private const int PieceBytes = 32 << 10;
    private static readonly Credentials Owner = new(0, 0);

    private readonly MemoryBlockDevice _disk = NewVolume.InMemory(seed: 1);
    private readonly FaultyBlockDevice _device;
    private readonly ClusterMount _mount;
    private readonly VnodeOps _ops;
    private readonly PreparedListing _prepared;
    private readonly ulong _long, _short;

    public PreparedListingTests()
    {
        _device = new FaultyBlockDevice(_disk);
        _mount = ModelMount.Open([_device], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting(new PfsWriteOptions { Workers = 0 }));
        _ops = new VnodeOps(_mount.Pfs, NullLogger<VnodeOps>.Instance);
        _prepared = new PreparedListing(_ops);
        _long = Make(VnodeOps.RootInum, "long", ObjectType.Directory);
        _short = Make(VnodeOps.RootInum, "short", ObjectType.Directory);
        for (int i = 0; i < FilesTotal; i++) _ = Make(_long, NameOf(i), ObjectType.RegularFile);
        for (int i = 0; i < 20; i++) _ = Make(_short, NameOf(i), ObjectType.RegularFile);
        Assert.Equal(Errno.None, _ops.Sync());
    }

    public void Dispose()
    {
        _mount.Dispose();
        _device.Dispose();
        _disk.Dispose();
    }

    [Theory]
    [InlineData(4096, 0, true)]
    [InlineData(4096, 1, false)]
    [InlineData(PieceBytes, 0, false)]
    [InlineData(PieceBytes, 3, true)]
    [InlineData(1 << 20, 100, true)]
    public void A_prepared_listing_is_the_listing(int pieceBytes, int partsEach, bool keepsBlocks)
    {
        byte[] expected = Whole(_long);
        Assert.True(_prepared.TryServe(_long, 0, keepsBlocks, out bool isWanted));
        Assert.True(isWanted);
        var taken = new List<byte>();
        for (ulong position = 0; ;)
        {
            for (int i = 0; i < partsEach && _prepared.FillPart(); i++) continue;
            Assert.True(Take(_long, position, pieceBytes, out byte[] piece, out ulong next));
            if (piece.Length == 0) break;
            Assert.Equal(EntriesOf(piece).Last().NextPosition, next);
            taken.AddRange(piece);
            position = next;
        }
        Assert.Equal(expected, taken);
        Assert.False(_prepared.FillPart());
    }

    [Fact]
    public void Each_answer_has_all_that_is_there()
    {
        Assert.True(_prepared.TryServe(_long, 0, keepsBlocks: true, out _));
        int parts = 0;
        while (_prepared.FillPart()) parts++;
        Assert.True(Take(_long, 0, 1 << 20, out byte[] first, out ulong position));
        Assert.InRange(first.Length, PreparedListing.BytesUntilAsked * 9 / 10, PreparedListing.BytesUntilAsked);
        Assert.True(parts > 1);
        while (_prepared.FillPart()) continue;
        Assert.True(Take(_long, position, 1 << 20, out byte[] second, out position));
        Assert.Equal(FilesTotal + 2, NamesOf([.. first, .. second]).Count);
        Assert.True(Take(_long, position, 1 << 20, out byte[] end, out _));
        Assert.Empty(end);
    }

    [Fact]
    public void Only_so_much_is_packed_ahead()
    {
        // Of names of 250 bytes, 280 in a listing.
        ulong wide = Make(VnodeOps.RootInum, "wide", ObjectType.Directory);
        int files = (PreparedListing.BytesMax / 280) + 500;
        for (int i = 0; i < files; i++) _ = Make(wide, NameOf(i).PadRight(250, 'x'), ObjectType.RegularFile);
        Assert.Equal(Errno.None, _ops.Sync());
        Assert.True(_prepared.TryServe(wide, 0, keepsBlocks: true, out _));
        Assert.True(Take(wide, 0, 4096, out byte[] start, out ulong position));
        while (_prepared.FillPart()) continue;
        Assert.True(Take(wide, position, 2 * PreparedListing.BytesMax, out byte[] rest, out position));
        Assert.InRange(rest.Length, PreparedListing.BytesMax * 9 / 10, PreparedListing.BytesMax);
        while (_prepared.FillPart()) continue;
        Assert.True(Take(wide, position, PreparedListing.BytesMax, out byte[] last, out _));
        Assert.Equal(files + 2, NamesOf([.. start, .. rest, .. last]).Count);
    }

    [Fact]
    public void A_listing_goes_on_from_where_it_was_left_and_from_nowhere_else()
    {
        // The start was given with attributes, that is, not from here.
        _ = Piece(_long, 0, 4096, out ulong position);
        Assert.True(_prepared.TryServe(_long, 0, keepsBlocks: true, out _));
        Assert.True(_prepared.FillPart());
        Assert.False(Take(_short, position, PieceBytes, out _, out _));
        for (int i = 0; i < 10; i++)
        {
            Assert.True(Take(_long, position, 4096, out byte[] piece, out ulong next));
            Assert.Equal(Piece(_long, position, piece.Length, out ulong expected), piece);
            Assert.Equal(expected, next);
            position = next;
        }
        Assert.False(Take(_long, 0, PieceBytes, out _, out _));
        Assert.False(Take(_long, position + (1UL << 62), PieceBytes, out _, out _));
        Assert.True(Take(_long, position, PieceBytes, out _, out _));
    }

    [Fact]
    public void Who_is_far_ahead_of_a_listing_that_was_just_opened_is_not_kept_waiting_for_it()
    {
        Assert.True(_prepared.TryServe(_long, 0, keepsBlocks: true, out _));
        Assert.False(Take(_long, 1UL << 62, PieceBytes, out byte[] piece, out _));
        Assert.Empty(piece);
    }

    [Fact]
    public void Whoever_wants_attributes_gets_nothing_from_here()
    {
        Assert.True(_prepared.TryServe(_long, 0, keepsBlocks: true, out _));
        Assert.True(_prepared.FillPart());
        var packer = new FuseDirectoryPacker(new byte[PieceBytes], wantsAttributes: true);
        Assert.False(_prepared.TryTake(_long, 0, ref packer));
        Assert.Equal(0, packer.UsedBytes);
        Assert.True(_prepared.Serves(_long));
        _prepared.GiveUp(_short);
        Assert.True(_prepared.Serves(_long));
        _prepared.GiveUp(_long);
        Assert.False(_prepared.Serves(_long));
        Assert.False(_prepared.FillPart());
        Assert.False(Take(_long, 0, PieceBytes, out _, out _));
    }

    [Fact]
    public void Short_directories_and_what_is_no_directory_are_not_prepared()
    {
        ulong file = Make(_short, "file", ObjectType.RegularFile);
        foreach (ulong inum in new[] { _short, file, 0xDEADUL })
        {
            Assert.False(_prepared.TryServe(inum, 2, keepsBlocks: true, out bool isWanted));
            Assert.False(isWanted);
            Assert.False(_prepared.FillPart());
            Assert.False(Take(inum, 2, PieceBytes, out _, out _));
        }
    }

    [Fact]
    public void A_listing_at_work_is_kept_until_it_seems_to_be_given_up()
    {
        ulong other = Make(VnodeOps.RootInum, "other", ObjectType.Directory);
        for (int i = 0; i < FilesTotal; i++) _ = Make(other, NameOf(i), ObjectType.RegularFile);
        Assert.Equal(Errno.None, _ops.Sync());
        Assert.True(_prepared.TryServe(_long, 0, keepsBlocks: true, out _));
        ulong position = 0;
        for (int i = 0; i < 30; i++)
        {
            _ = _prepared.FillPart();
            Assert.False(_prepared.TryServe(other, 0, keepsBlocks: true, out _));
            Assert.True(Take(_long, position, 4096, out _, out position));
        }

        int refused = 0;
        while (!_prepared.TryServe(other, 0, keepsBlocks: true, out _)) refused++;
        Assert.InRange(refused, 2, 20);
        Assert.False(Take(_long, position, 4096, out _, out _));
        Assert.True(Take(other, 0, 4096, out _, out _));
    }

    [Fact]
    public void A_directory_that_is_opened_again_is_listed_from_its_start()
    {
        Assert.True(_prepared.TryServe(_long, 0, keepsBlocks: true, out _));
        Assert.True(Take(_long, 0, 4096, out byte[] first, out _));
        Assert.True(_prepared.FillPart());
        Assert.True(_prepared.TryServe(_long, 0, keepsBlocks: true, out bool isWanted));
        Assert.True(isWanted);
        Assert.True(Take(_long, 0, 4096, out byte[] again, out _));
        Assert.Equal(first, again);
    }

    [Fact]
    public void A_change_of_the_directory_makes_everything_worthless_at_once_and_for_ever()
    {
        Assert.True(_prepared.TryServe(_long, 0, keepsBlocks: true, out _));
        Assert.True(_prepared.FillPart());
        _ = Make(_long, "new", ObjectType.RegularFile);
        Assert.False(Take(_long, 0, PieceBytes, out _, out _));

        // Nothing is prepared of what waits for a commit.
        Assert.False(_prepared.TryServe(_long, 0, keepsBlocks: true, out _));
        Assert.Equal(Errno.None, _ops.Sync());
        Assert.True(_prepared.TryServe(_long, 0, keepsBlocks: true, out _));
        Assert.True(Take(_long, 0, 4096, out _, out ulong position));
        Assert.True(_prepared.FillPart());
        Assert.Equal(Errno.None, _ops.Unlink(_long, "new"u8, out _));
        Assert.Equal(Errno.None, _ops.Sync());
        Assert.False(Take(_long, position, PieceBytes, out _, out _));
    }

    [Fact]
    public void Changes_elsewhere_do_no_harm()
    {
        Assert.True(_prepared.TryServe(_long, 0, keepsBlocks: true, out _));
        Assert.True(_prepared.FillPart());
        _ = Make(_short, "new", ObjectType.RegularFile);
        Assert.True(Take(_long, 0, PieceBytes, out byte[] piece, out _));
        Assert.NotEmpty(piece);
    }

    [Fact]
    public void What_cannot_be_read_is_left_to_who_asks()
    {
        using var device = new FaultyBlockDevice(new OverlayBlockDevice(_disk));
        using ClusterMount mount = ModelMount.Open([device], NewVolume.Label);
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        var prepared = new PreparedListing(ops);
        Assert.True(prepared.TryServe(_long, 0, keepsBlocks: false, out _));
        device.IsGone = true;
        while (prepared.FillPart()) continue;       // "." and ".." need no device
        byte[] buffer = new byte[PieceBytes];
        var packer = new FuseDirectoryPacker(buffer, wantsAttributes: false);
        Assert.False(prepared.TryTake(_long, 2, ref packer));
        Assert.Equal(0, packer.UsedBytes);
    }

    [Fact]
    public async Task Who_lists_while_others_prepare_and_change_sees_every_name_that_stays_once()
    {
        var ends = new ManualResetEventSlim();
        var preparer = Task.Run(() =>
        {
            while (!ends.IsSet)
            {
                if (!_prepared.FillPart()) Thread.Sleep(0);
            }
        });
        var changer = Task.Run(() =>
        {
            while (!ends.IsSet)
            {
                _ = Make(_long, "comes and goes", ObjectType.RegularFile);
                Assert.Equal(Errno.None, _ops.Sync());
                Assert.Equal(Errno.None, _ops.Unlink(_long, "comes and goes"u8, out _));
                Assert.Equal(Errno.None, _ops.Sync());
                _ = ends.Wait(5);
            }
        });
        try
        {
            // Whether something is there in time is not the test's to say.
            Task[] listers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
            {
                for (int round = 0; round < 20; round++) ListAll(round % 3 == 0 ? 4096 : PieceBytes);
            }))];
            await Task.WhenAll(listers);
        }
        finally
        {
            ends.Set();
            await Task.WhenAll(preparer, changer);
        }
        int taken = ListAll(PieceBytes);
        Assert.True(taken > 2, $"{taken} pieces were prepared when nothing was in the way");
    }

    // Answers how many pieces came from what was prepared.
    private int ListAll(int pieceBytes)
    {
        int taken = 0;
        var seen = new List<string>();
        _ = _prepared.TryServe(_long, 0, keepsBlocks: false, out _);
        for (ulong position = 0; ;)
        {
            if (Take(_long, position, pieceBytes, out byte[] piece, out ulong next)) taken++;
            else piece = Piece(_long, position, pieceBytes, out next);
            if (piece.Length == 0) break;
            seen.AddRange(NamesOf(piece));
            position = next;
            _ = _prepared.TryServe(_long, position, keepsBlocks: false, out _);
        }
        Assert.Equal(
            Enumerable.Range(0, FilesTotal).Select(NameOf).Order(StringComparer.Ordinal),
            seen.Where(name => name[0] == 'f').Order(StringComparer.Ordinal));
        return taken;
    }

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"file {number:d5}");

    private ulong Make(ulong directory, string name, ObjectType type)
    {
        Errno error = _ops.Create(
            directory, Encoding.ASCII.GetBytes(name), new NewObject(type, 0x1ED), Owner, out VnodeAttributes made);
        Assert.Equal(Errno.None, error);
        return made.Inum;
    }

    private bool Take(ulong directory, ulong position, int bytes, out byte[] piece, out ulong next)
    {
        byte[] buffer = new byte[bytes];
        var packer = new FuseDirectoryPacker(buffer, wantsAttributes: false);
        bool isTaken = _prepared.TryTake(directory, position, ref packer);
        piece = buffer[..packer.UsedBytes];
        next = packer.NextPosition;
        return isTaken;
    }

    private byte[] Whole(ulong directory)
    {
        var all = new List<byte>();
        for (ulong position = 0; ;)
        {
            byte[] piece = Piece(directory, position, PieceBytes, out position);
            if (piece.Length == 0) return [.. all];
            all.AddRange(piece);
        }
    }

    private byte[] Piece(ulong directory, ulong position, int bytes, out ulong next)
    {
        byte[] buffer = new byte[bytes];
        var sink = new PackingSink(new FuseDirectoryPacker(buffer, wantsAttributes: false));
        Assert.Equal(Errno.None, _ops.ReadDirectory(directory, position, ref sink));
        next = sink.Packer.NextPosition;
        return buffer[..sink.Packer.UsedBytes];
    }

    // struct fuse_dirent: inode and position of 8 bytes, length of the name and type of 4, the name.
    private static IEnumerable<(string Name, ulong NextPosition)> EntriesOf(byte[] piece)
    {
        for (int offset = 0; offset < piece.Length;)
        {
            int bytes = BitConverter.ToInt32(piece, offset + 16);
            string name = Encoding.Latin1.GetString(piece, offset + 24, bytes);
            yield return (name, BitConverter.ToUInt64(piece, offset + 8));
            offset += (24 + bytes + 7) & ~7;
        }
    }

    private static List<string> NamesOf(byte[] piece) => [.. EntriesOf(piece).Select(entry => entry.Name)];

    private ref struct PackingSink(FuseDirectoryPacker packer) : IDirectorySink
    {
        public FuseDirectoryPacker Packer = packer;

        public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition) =>
            Packer.TryAdd(name, inum, VnodeAttributes.TypeBits(type), nextPosition);
    }
}
