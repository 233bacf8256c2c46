// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>
/// A sound image with single fields changed in memory and all check codes recomputed, as a defective writer would leave
/// it.
/// </summary>
internal sealed class MediaEdit : IDisposable
{
    private readonly IBlockDevice _below;
    private readonly OverlayBlockDevice _overlay;
    private readonly VolumeSet _volumes;

    /// <summary>Opens an image of one volume.</summary>
    public MediaEdit(string image)
        : this(GoldenImage.Open(image))
    {
    }

    /// <summary>Opens a filesystem of one volume.</summary>
    public MediaEdit(IBlockDevice below)
    {
        _below = below;
        _overlay = new OverlayBlockDevice(_below, ownsBelow: false);
        _volumes = Open();
        Map = MediaMap.Read(_volumes);
    }

    /// <summary>Changes a value in place.</summary>
    public delegate void Change<T>(ref T value);

    /// <summary>Changes an inode.</summary>
    public delegate void InodeChange(InodeBlock inode);

    /// <summary>Changes a volume header.</summary>
    public delegate void HeaderChange(VolumeHeaderView header);

    /// <summary>Selects a reference.</summary>
    public delegate bool Choice(in Blockref reference);

    /// <summary>The image before the changes.</summary>
    public MediaMap Map { get; }

    /// <summary>The device with the changes.</summary>
    public OverlayBlockDevice Device => _overlay;

    /// <summary>The header before the changes.</summary>
    public VolumeHeaderSector Header => _volumes.Header.Fields;

    /// <summary>The changed image, opened again.</summary>
    public VolumeSet Open() => VolumeSet.Open([new UnownedDevice(_overlay)]);

    /// <summary>Changes the inode of a path.</summary>
    public void Inode(string path, InodeChange change, string pfs = "DATA")
    {
        ulong inum = InumOf(path, pfs);
        MapBlock block = Map.OfType(BlockrefType.Inode).Single(block =>
            block.Objects.Contains(new MapObject(pfs, inum))
            && (block.Reference.Key == inum || (inum == 1 && block.Reference.Flags == BlockrefFlags.PfsRoot)));
        Edit(block, bytes => change(new InodeBlock(bytes)));
    }

    /// <summary>Changes the inode block of the super-root.</summary>
    public void SuperRoot(InodeChange change) => Edit(
        Map.OfType(BlockrefType.Inode).Single(block => block.References.Exists(place => place.Parent is null)),
        bytes => change(new InodeBlock(bytes)));

    /// <summary>Changes the first matching reference in an inode or indirect block, and recomputes the check codes
    /// above it.</summary>
    /// <param name="choice">Selects the reference.</param>
    /// <param name="change">The change.</param>
    /// <param name="storesCode">True to store the check code of its block afterwards.</param>
    public void Reference(Choice choice, Change<Blockref> change, bool storesCode = false)
    {
        foreach (MapBlock block in Map.Blocks)
        {
            int start = block.Type switch
            {
                BlockrefType.Inode => InodeBlock.UnionOffset,
                BlockrefType.Indirect or BlockrefType.FreemapNode => 0,
                _ => -1,
            };
            byte[] bytes = Read(block);
            if (start < 0 || (block.Type == BlockrefType.Inode && InodeBlock.ReadMeta(bytes).HasDirectData)) continue;
            Span<Blockref> table = MemoryMarshal.Cast<byte, Blockref>(bytes.AsSpan(start));
            for (int slot = 0; slot < table.Length; slot++)
            {
                if (!choice(table[slot])) continue;
                change(ref table[slot]);
                if (storesCode) new MediaSigner(_volumes).StoreCodeIn(ref table[slot]);
                Write(block, bytes);
                return;
            }
        }
        Assert.Fail("no reference fits");
    }

    /// <summary>Changes the freemap entry of an address.</summary>
    public void Freemap(ulong address, Change<FreemapEntry> change)
    {
        MapBlock leaf = Map.OfType(BlockrefType.FreemapLeaf).Single(
            block => block.Reference.Key == FreemapGeometry.KeyOf(address, FreemapGeometry.LevelLeaf));
        Edit(leaf, bytes => change(
            ref MemoryMarshal.Cast<byte, FreemapEntry>(bytes.AsSpan())[FreemapGeometry.EntryOf(address)]));
    }

    /// <summary>Changes the newest header.</summary>
    public void ChangeHeader(HeaderChange change)
    {
        var signer = new MediaSigner(_volumes);
        change(signer.Header);
        signer.Sign();
    }

    /// <summary>The inode number at a path of one or two names.</summary>
    public ulong InumOf(string path, string pfs = "DATA")
    {
        ulong directory = Media.PfsRootInum;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            directory = EntryIn(pfs, directory, name).Dirent.Inum;
        return directory;
    }

    /// <summary>The reference of an entry with a short name.</summary>
    public Blockref EntryIn(string pfs, ulong directory, string name)
    {
        ulong hash = DirectoryHash.Compute(Encoding.UTF8.GetBytes(name));
        foreach (MapBlock block in Map.Blocks)
        {
            if (block.Type is not (BlockrefType.Inode or BlockrefType.Indirect)) continue;
            if (!block.Objects.Contains(new MapObject(pfs, directory))) continue;
            byte[] bytes = Read(block);
            int start = block.Type == BlockrefType.Inode ? InodeBlock.UnionOffset : 0;
            foreach (ref readonly Blockref reference in MemoryMarshal.Cast<byte, Blockref>(bytes.AsSpan(start)))
            {
                if (reference.Type == BlockrefType.Dirent && (reference.Key & ~Media.EntryCollisionMask) == hash)
                    return reference;
            }
        }
        throw new InvalidOperationException($"no entry {name} in directory 0x{directory:x}");
    }

    /// <summary>The first block of a type, in the order of the map.</summary>
    public MapBlock Some(BlockrefType type, Func<MapBlock, bool>? fits = null) =>
        Map.OfType(type).First(block => fits is null || fits(block));

    /// <summary>Changes the bytes of a block and recomputes the check codes above it.</summary>
    public void Edit(MapBlock block, Action<byte[]> change)
    {
        byte[] bytes = Read(block);
        change(bytes);
        Write(block, bytes);
    }

    public void Dispose()
    {
        _overlay.Dispose();
        _below.Dispose();
    }

    private byte[] Read(MapBlock block)
    {
        byte[] bytes = new byte[block.SizeBytes];
        Assert.Equal(Hammer2Error.None, _volumes.Read(block.Address, bytes));
        return bytes;
    }

    private void Write(MapBlock block, byte[] bytes)
    {
        Assert.Equal(Hammer2Error.None, _volumes.Write(block.Address, bytes));
        var signer = new MediaSigner(_volumes);
        signer.Changed(block);
        signer.Sign();
    }
}
