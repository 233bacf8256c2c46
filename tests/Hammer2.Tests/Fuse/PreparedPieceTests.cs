// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Cluster.Changes;
using Hammer2.Format;
using Hammer2.Fuse;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>
/// Goal: a listing shows the same whether its pieces were prepared or not, and never what is not so any more.
/// Method: a directory of some thousand files on a device in memory, listed through pieces that are prepared, with
/// changes before and during it.
/// </summary>
public sealed class PreparedPieceTests : IDisposable
{
    private const int FilesTotal = 4000;
    private const int PieceBytes = 32 << 10;
    private static readonly Credentials Owner = new(0, 0);

    private readonly MemoryBlockDevice _disk = NewVolume.InMemory(seed: 1);
    private readonly ClusterMount _mount;
    private readonly VnodeOps _ops;
    private readonly PreparedPiece _prepared;
    private readonly ulong _long, _short;

    public PreparedPieceTests()
    {
        _mount = ModelMount.Open([_disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting(new PfsWriteOptions { Workers = 0 }));
        _ops = new VnodeOps(_mount.Pfs, NullLogger<VnodeOps>.Instance);
        _prepared = new PreparedPiece(_ops);
        _long = Make(VnodeOps.RootInum, "long", ObjectType.Directory);
        _short = Make(VnodeOps.RootInum, "short", ObjectType.Directory);
        for (int i = 0; i < FilesTotal; i++) _ = Make(_long, NameOf(i), ObjectType.RegularFile);
        for (int i = 0; i < 20; i++) _ = Make(_short, NameOf(i), ObjectType.RegularFile);
        Assert.Equal(Errno.None, _ops.Sync());
    }

    public void Dispose()
    {
        _mount.Dispose();
        _disk.Dispose();
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_listing_of_prepared_pieces_is_the_listing(bool keepsBlocks)
    {
        var taken = new List<byte[]>();
        byte[] start = Piece(_long, 0, out ulong position);
        taken.Add(start);
        while (_prepared.TryPrepare(_long, position, PieceBytes, keepsBlocks))
        {
            Assert.True(Take(_long, position, PieceBytes, out byte[] piece, out ulong next));
            Assert.Equal(Piece(_long, position, out ulong expectedNext), piece);
            Assert.Equal(expectedNext, next);
            taken.Add(piece);
            position = next;
        }
        Assert.Empty(Piece(_long, position, out _));
        Assert.Equal(FilesTotal + 2, taken.Sum(piece => NamesOf(piece).Count));
    }

    [Fact]
    public void A_piece_is_taken_once_and_only_from_where_it_begins()
    {
        _ = Piece(_long, 0, out ulong position);
        Assert.True(_prepared.TryPrepare(_long, position, PieceBytes, keepsBlocks: true));
        Assert.False(Take(_short, position, PieceBytes, out _, out _));
        Assert.False(Take(_long, position + 1, PieceBytes, out _, out _));
        Assert.True(Take(_long, position, PieceBytes, out _, out _));
        Assert.False(Take(_long, position, PieceBytes, out _, out _));
    }

    [Fact]
    public void A_piece_does_not_go_where_there_is_less_room_or_attributes_are_wanted()
    {
        _ = Piece(_long, 0, out ulong position);
        Assert.True(_prepared.TryPrepare(_long, position, PieceBytes, keepsBlocks: true));
        Assert.False(Take(_long, position, PieceBytes / 2, out byte[] piece, out _));
        Assert.Empty(piece);
        Assert.True(_prepared.TryPrepare(_long, position, PieceBytes, keepsBlocks: true));
        var packer = new FuseDirectoryPacker(new byte[PieceBytes], wantsAttributes: true);
        Assert.False(_prepared.TryTake(_long, position, ref packer));
        Assert.Equal(0, packer.UsedBytes);
    }

    [Fact]
    public void Short_directories_and_what_is_no_directory_are_not_prepared()
    {
        ulong file = Make(_short, "file", ObjectType.RegularFile);
        Assert.False(_prepared.TryPrepare(_short, 2, PieceBytes, keepsBlocks: true));
        Assert.False(_prepared.TryPrepare(file, 2, PieceBytes, keepsBlocks: true));
        Assert.False(_prepared.TryPrepare(0xDEAD, 2, PieceBytes, keepsBlocks: true));
        Assert.False(_prepared.TryPrepare(_long, 0, PieceBytes, keepsBlocks: true));
    }

    [Fact]
    public void A_change_of_the_directory_makes_a_piece_worthless_at_once_and_for_ever()
    {
        _ = Piece(_long, 0, out ulong position);
        Assert.True(_prepared.TryPrepare(_long, position, PieceBytes, keepsBlocks: true));
        _ = Make(_long, "new", ObjectType.RegularFile);
        Assert.False(Take(_long, position, PieceBytes, out _, out _));

        // Nothing is prepared of what waits for a commit.
        Assert.False(_prepared.TryPrepare(_long, position, PieceBytes, keepsBlocks: true));
        Assert.Equal(Errno.None, _ops.Sync());
        Assert.True(_prepared.TryPrepare(_long, position, PieceBytes, keepsBlocks: true));
        Assert.Equal(Errno.None, _ops.Unlink(_long, "new"u8, out _));
        Assert.Equal(Errno.None, _ops.Sync());
        Assert.False(Take(_long, position, PieceBytes, out _, out _));
    }

    [Fact]
    public void Changes_elsewhere_do_no_harm()
    {
        _ = Piece(_long, 0, out ulong position);
        Assert.True(_prepared.TryPrepare(_long, position, PieceBytes, keepsBlocks: true));
        _ = Make(_short, "new", ObjectType.RegularFile);
        Assert.True(Take(_long, position, PieceBytes, out _, out _));
    }

    [Fact]
    public async Task Who_lists_while_others_prepare_and_change_sees_every_name_that_stays_once()
    {
        var ends = new ManualResetEventSlim();
        ulong wanted = 0;
        var preparer = Task.Run(() =>
        {
            while (!ends.IsSet)
            {
                if (Interlocked.Exchange(ref wanted, 0) is var position and not 0)
                    _ = _prepared.TryPrepare(_long, position, PieceBytes, keepsBlocks: false);
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
            // Whether a piece is there in time is not the test's to say.
            for (int round = 0; round < 40; round++)
            {
                bool waits = round % 2 == 0;
                ListAll(position =>
                {
                    Volatile.Write(ref wanted, position);
                    if (waits) Thread.Sleep(0);
                });
            }
        }
        finally
        {
            ends.Set();
            await Task.WhenAll(preparer, changer);
        }
        int prepared = ListAll(position => _prepared.TryPrepare(_long, position, PieceBytes, keepsBlocks: false));
        Assert.True(prepared > 2, $"{prepared} pieces were prepared when nothing was in the way");
    }

    // Answers how many pieces were there when they were asked for.
    private int ListAll(Action<ulong> beforePiece)
    {
        int prepared = 0;
        var seen = new List<string>(NamesOf(Piece(_long, 0, out ulong position)));
        while (true)
        {
            beforePiece(position);
            if (Take(_long, position, PieceBytes, out byte[] piece, out ulong next)) prepared++;
            else piece = Piece(_long, position, out next);
            if (piece.Length == 0) break;
            seen.AddRange(NamesOf(piece));
            position = next;
        }
        Assert.Equal(
            Enumerable.Range(0, FilesTotal).Select(NameOf).Order(StringComparer.Ordinal),
            seen.Where(name => name[0] == 'f').Order(StringComparer.Ordinal));
        return prepared;
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

    private byte[] Piece(ulong directory, ulong position, out ulong next)
    {
        byte[] buffer = new byte[PieceBytes];
        var sink = new PackingSink(new FuseDirectoryPacker(buffer, wantsAttributes: false));
        Assert.Equal(Errno.None, _ops.ReadDirectory(directory, position, ref sink));
        next = sink.Packer.NextPosition;
        return buffer[..sink.Packer.UsedBytes];
    }

    // struct fuse_dirent: inode and position of 8 bytes, length of the name and type of 4, the name.
    private static List<string> NamesOf(byte[] piece)
    {
        var names = new List<string>();
        for (int offset = 0; offset < piece.Length;)
        {
            int bytes = BitConverter.ToInt32(piece, offset + 16);
            names.Add(Encoding.Latin1.GetString(piece, offset + 24, bytes));
            offset += (24 + bytes + 7) & ~7;
        }
        return names;
    }

    private ref struct PackingSink(FuseDirectoryPacker packer) : IDirectorySink
    {
        public FuseDirectoryPacker Packer = packer;

        public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition) =>
            Packer.TryAdd(name, inum, VnodeAttributes.TypeBits(type), nextPosition);
    }
}
