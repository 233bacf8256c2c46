// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>Draws operations on a mounted PFS that has space for all of them: creates, writes, links, renames,
/// truncations and removals. The weights are drawn, too.</summary>
internal sealed class RandomChanges
{
    private const int KindsTotal = 9;
    private static readonly Credentials Owner = new(0, 0);

    private readonly VnodeOps _ops;
    private readonly SeededRandom _random;
    private readonly List<ulong> _directories = [VnodeOps.RootInum];
    private readonly List<NamedFile> _files = [];
    private readonly int[] _weights = new int[KindsTotal];
    private readonly ulong _positionMax;
    private readonly bool _hasLongNames;
    private int _made;

    public RandomChanges(VnodeOps ops, SeededRandom random)
    {
        _ops = ops;
        _random = random;
        for (int kind = 0; kind < KindsTotal; kind++) _weights[kind] = random.OneIn(3) ? 0 : 1 + random.Below(10);
        _weights[0]++;
        _positionMax = random.Pick<ulong>([2000, 300_000, 1UL << 30, 1UL << 50]);
        _hasLongNames = random.OneIn(3);
    }

    /// <summary>Number of a drawn file, or of the root while there are no files.</summary>
    public ulong AnyInode() => _files.Count == 0 ? VnodeOps.RootInum : AnyFile().Inum;

    /// <summary>Makes some directories, and files in them.</summary>
    public void Populate(int directories, int files)
    {
        for (int i = 0; i < directories; i++) MakeDirectory();
        for (int i = 0; i < files; i++) MakeFile();
    }

    /// <summary>One operation; or several, for removing.</summary>
    public void Change()
    {
        int total = 0;
        foreach (int weight in _weights) total += weight;
        int pick = _random.Below(total), kind = 0;
        while (pick >= _weights[kind]) pick -= _weights[kind++];
        if (_files.Count == 0) kind = 0;
        switch (kind)
        {
            case 0:
                MakeFile();
                break;
            case 1:
                MakeDirectory();
                break;
            case 2:
                byte[] target = new byte[1 + _random.Below(2000)];
                Array.Fill(target, (byte)'t');
                Succeeds(_ops.Symlink(AnyDirectory(), NewName(), target, Owner, out _));
                break;
            case 3:
                Write();
                break;
            case 4:
                Succeeds(_ops.SetAttributes(AnyFile().Inum, new AttributeChange { Mode = UnixMode.O640 }, out _));
                break;
            case 5:
                var resized = new AttributeChange { SizeBytes = _random.NextUInt64() % _positionMax };
                Succeeds(_ops.SetAttributes(AnyFile().Inum, resized, out _));
                break;
            case 6:
                Rename();
                break;
            case 7:
                NamedFile linked = AnyFile() with { Directory = AnyDirectory(), Name = NewName() };
                Succeeds(_ops.Link(linked.Inum, linked.Directory, linked.Name, out _));
                _files.Add(linked);
                break;
            default:
                Remove();
                break;
        }
    }

    private void MakeFile()
    {
        ulong directory = AnyDirectory();
        byte[] name = NewName();
        Succeeds(_ops.Create(directory, name, new NewObject(ObjectType.RegularFile, UnixMode.O644), Owner,
            out VnodeAttributes made));
        _files.Add(new NamedFile(directory, name, made.Inum));
    }

    private void MakeDirectory()
    {
        Succeeds(_ops.Create(AnyDirectory(), NewName(), new NewObject(ObjectType.Directory, UnixMode.O755), Owner,
            out VnodeAttributes made));
        _directories.Add(made.Inum);
    }

    private void Write()
    {
        byte[] data = new byte[1 + _random.Below(_random.Pick<int>([500, 5000, 70_000, 200_000]))];
        if (_random.OneIn(2)) _random.Fill(data);
        else data.AsSpan(data.Length / 2).Fill(_random.NextByte());
        Succeeds(_ops.Write(AnyFile().Inum, _random.NextUInt64() % _positionMax, data, dropsPrivileges: false));
    }

    private void Rename()
    {
        int index = _random.Below(_files.Count);
        NamedFile old = _files[index], renamed = old with { Directory = AnyDirectory(), Name = NewName() };
        Succeeds(_ops.Rename(
            old.Directory, old.Name, renamed.Directory, renamed.Name, RenameFlags.None, out _));
        _files[index] = renamed;
    }

    private void Remove()
    {
        int index = _random.Below(_files.Count);
        NamedFile file = _files[index];
        _files[index] = _files[^1];
        _files.RemoveAt(_files.Count - 1);
        Succeeds(_ops.Unlink(file.Directory, file.Name, out ulong inum));
        if (!_files.Exists(other => other.Inum == inum)) Succeeds(_ops.Forget(inum));
    }

    private NamedFile AnyFile() => _files[_random.Below(_files.Count)];

    private ulong AnyDirectory() => _directories[_random.Below(_directories.Count)];

    private byte[] NewName()
    {
        string name = $"n{_made++}";
        return Encoding.ASCII.GetBytes(_hasLongNames && _random.OneIn(2) ? name.PadRight(255, 'x') : name);
    }

    private void Succeeds(Errno error) => Assert.True(error == Errno.None, $"seed {_random.Seed}: {error}");

    private readonly record struct NamedFile(ulong Directory, byte[] Name, ulong Inum);
}
