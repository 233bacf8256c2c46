// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Model;

/// <summary>
/// Draws operations and plays each on the driver and on the model; results must be equal. The weights are
/// drawn
/// too, so that some scripts never rename and others do little else.
/// </summary>
internal sealed partial class ScriptPlayer
{
    private static readonly Credentials Caller = new(1000, 100);

    private readonly SeededRandom _random;
    private readonly int[] _weights;
    private readonly long _positionMax;

    /// <param name="random">Draws the operations.</param>
    /// <param name="usesAttributes">True for scripts that set and remove extended attributes, too.</param>
    public ScriptPlayer(SeededRandom random, bool usesAttributes = false)
    {
        _random = random;
        _weights = new int[usesAttributes ? KindsTotal : AttributeKind];
        for (int i = 0; i < _weights.Length; i++) _weights[i] = random.OneIn(4) ? 0 : 1 + random.Below(20);
        _weights[0] = Math.Max(_weights[0], 5);
        _positionMax = random.Pick<long>([600, 70_000, 400_000, 1L << 33, 1L << 61]);
    }

    public ModelFileSystem Model { get; init; } = new();

    /// <summary>True when EIO, EROFS and ERESTART end the script instead of being wrong: a device fails on
    /// purpose.</summary>
    public bool EndsAtFault { get; init; }

    /// <summary>What was done, for the report of a failure.</summary>
    public List<string> Log { get; } = [];

    public void Play(VnodeOps ops, int count)
    {
        while (count-- > 0)
        {
            int pick = _random.Below(_weights.Sum());
            int kind = 0;
            while (pick >= _weights[kind]) pick -= _weights[kind++];
            Step(ops, kind);
        }
    }

    /// <summary>Compares every object with the model.</summary>
    public void Compare(VnodeOps ops)
    {
        Compare(ops, Model.Root, "/");
        foreach (ModelNode node in _held) Compare(ops, node, $"(without a name {node.Inum})");
    }

    private void Step(VnodeOps ops, int kind)
    {
        switch (kind)
        {
            case 0:
                Create(ops, _random.Pick<ObjectType>(
                    [ObjectType.RegularFile, ObjectType.Directory, ObjectType.Fifo]));
                break;
            case 1:
                Symlink(ops);
                break;
            case 2:
                Remove(ops, isDirectory: false);
                break;
            case 3:
                Remove(ops, isDirectory: true);
                break;
            case 4:
                Link(ops);
                break;
            case 5:
                Rename(ops);
                break;
            case 6 or 7:
                Write(ops);
                break;
            case 8:
                Resize(ops);
                break;
            case 9:
                SetMode(ops);
                break;
            default:
                StepFiles(ops, kind);
                break;
        }
    }

    private void Create(VnodeOps ops, ObjectType type)
    {
        ModelNode directory = AnyDirectory();
        string name = AnyName();
        Errno expected = ModelFileSystem.Create(directory, name, type, UnixMode.O644, out ModelNode? made);
        Errno error = ops.Create(directory.Inum, Bytes(name), new NewObject(type, UnixMode.O644), Caller,
            out VnodeAttributes at);
        Check($"create {type} {name}", expected, error);
        if (made is null) return;
        made.Inum = at.Inum;
        made.UserId = Caller.UserId;
    }

    private void Symlink(VnodeOps ops)
    {
        ModelNode directory = AnyDirectory();
        string name = AnyName();
        byte[] target = new byte[1 + _random.Below(_random.OneIn(3) ? 2000 : 100)];
        Array.Fill(target, (byte)('a' + _random.Below(26)));
        Errno expected =
            ModelFileSystem.Create(directory, name, ObjectType.SoftLink, UnixMode.O777, out ModelNode? made);
        Errno error = ops.Symlink(directory.Inum, Bytes(name), target, Caller, out VnodeAttributes at);
        Check($"symlink {name}", expected, error);
        if (made is null) return;
        made.Inum = at.Inum;
        made.UserId = Caller.UserId;
        made.Content.Write(0, target);
    }

    private void Remove(VnodeOps ops, bool isDirectory)
    {
        ModelNode directory = AnyDirectory();
        string name = AnyNameIn(directory);
        _ = directory.Names.TryGetValue(name, out ModelNode? node);
        Errno expected = ModelFileSystem.Remove(directory, name, isDirectory);
        Errno error = isDirectory
            ? ops.RemoveDirectory(directory.Inum, Bytes(name), out ulong inum)
            : ops.Unlink(directory.Inum, Bytes(name), out inum);
        Check($"remove {name}", expected, error);
        if (error == Errno.None) Leave(ops, node!, inum);
    }

    private void Link(VnodeOps ops)
    {
        ModelNode from = AnyDirectory();
        if (!from.Names.TryGetValue(AnyNameIn(from), out ModelNode? node)) return;
        if (_held.Count > 0 && _random.OneIn(3)) node = _held[_random.Below(_held.Count)];
        ModelNode directory = AnyDirectory();
        string name = AnyName();
        Errno expected = ModelFileSystem.Link(node, directory, name);
        Check($"link {name}", expected, ops.Link(node.Inum, directory.Inum, Bytes(name), out _));
    }

    private void Rename(VnodeOps ops)
    {
        ModelNode source = AnyDirectory(), target = AnyDirectory();
        string name = AnyNameIn(source), newName = _random.OneIn(2) ? AnyName() : AnyNameIn(target);
        RenameFlags flags = _random.Pick<RenameFlags>(
            [RenameFlags.None, RenameFlags.None, RenameFlags.NoReplace, RenameFlags.Exchange]);
        // What the kernel keeps away: a directory into its own subtree.
        if (source.Names.TryGetValue(name, out ModelNode? moved) && Holds(moved, target)) return;
        if (target.Names.TryGetValue(newName, out ModelNode? old) && Holds(old, source)) return;
        Errno expected = ModelFileSystem.Rename(source, name, target, newName, flags);
        Errno error = ops.Rename(
            source.Inum, Bytes(name), target.Inum, Bytes(newName), flags, out ulong replaced);
        Check($"rename {name} {newName} {flags}", expected, error);
        if (replaced != 0) Leave(ops, old!, replaced);
    }

    private void SetMode(VnodeOps ops)
    {
        ModelNode node = AnyDirectory();
        if (node.Names.TryGetValue(AnyNameIn(node), out ModelNode? child)) node = child;
        var change = new AttributeChange
        {
            Mode = (uint)_random.Below(0x1000),
            ModifyTime = (ulong)_random.Below(1 << 30),
        };
        if (node.IsFixed)
        {
            Check("set mode", Errno.EPERM, ops.SetAttributes(node.Inum, change, out _));
            return;
        }
        (node.Mode, node.ModifyTime) = (change.Mode.Value, change.ModifyTime.Value);
        Check("set mode", Errno.None, ops.SetAttributes(node.Inum, change, out VnodeAttributes after));
        Assert.Equal((node.Mode, node.ModifyTime), (after.Mode & UnixMode.PermissionBits, after.ModifyTime));
    }

    private void Compare(VnodeOps ops, ModelNode node, string path)
    {
        Errno error = ops.GetAttributes(node.Inum, out VnodeAttributes at);
        Expect(error == Errno.None, $"{path}: {error}");
        Expect((at.Type, at.Mode & UnixMode.PermissionBits) == (node.Type, node.Mode),
            $"{path}: mode or type");
        Assert.Equal(node.Attributes, TreeListing.AttributesOf(ops, node.Inum, path));
        Assert.Equal(Errno.None, ops.GetFlags(node.Inum, out LinuxFileFlags flags));
        Expect(flags == node.Flags, $"{path}: {flags}, {node.Flags} expected");
        if (node.Type == ObjectType.Directory) CompareNames(ops, node, path);
        else
        {
            Expect(at.LinkCount == node.LinkCount,
                $"{path}: {at.LinkCount} links, {node.LinkCount} expected");
            Expect((long)at.SizeBytes == node.Content.Length, $"{path}: size {at.SizeBytes}");
        }
        if (node.Type == ObjectType.RegularFile) CompareContent(ops, node, path);
        if (node.Type != ObjectType.SoftLink) return;
        byte[] found = new byte[5000], expected = new byte[node.Content.Length];
        node.Content.Read(0, expected);
        Assert.Equal(Errno.None, ops.ReadLink(node.Inum, found, out int length));
        Assert.Equal(expected, found[..length]);
    }

    private void CompareNames(VnodeOps ops, ModelNode node, string path)
    {
        var sink = new NameSink([]);
        Errno error = ops.ReadDirectory(node.Inum, 0, ref sink);
        Expect(error == Errno.None, $"{path}: {error}");
        Assert.Equal(
            node.Names.Select(pair => (pair.Key, pair.Value.Inum)).OrderBy(
                pair => pair.Key, StringComparer.Ordinal),
            sink.Names.Where(pair => pair.Name is not ("." or "..")).OrderBy(pair => pair.Name,
                StringComparer.Ordinal));
        foreach ((string name, ModelNode child) in node.Names) Compare(ops, child, path + name + "/");
    }

    private void CompareContent(VnodeOps ops, ModelNode node, string path)
    {
        byte[] expected = new byte[8192], found = new byte[8192];
        foreach (long page in node.Content.PageStarts.Append(0).Append(node.Content.Length / 2))
        {
            if (page >= node.Content.Length) continue;
            int length = (int)Math.Min(expected.Length, node.Content.Length - page);
            node.Content.Read(page, expected.AsSpan(0, length));
            Errno error = ops.Read(node.Inum, (ulong)page, found, out int read);
            Expect(error == Errno.None && read == length, $"{path} at {page}: {error} {read}");
            int differs = expected.AsSpan(0, length).CommonPrefixLength(found.AsSpan(0, length));
            Expect(differs == length, $"{path}: differs at {page + differs}");
        }
    }

    private void Check(string what, Errno expected, Errno found)
    {
        Log.Add($"{what}: {found}");
        if (EndsAtFault && expected != found && (found is Errno.EIO or Errno.EROFS or Errno.ERESTART))
            throw new ScriptFaultException(found);
        Expect(expected == found, $"{what}: {found}, {expected} expected");
    }

    // The last steps are put together only for a failure.
    private void Expect(bool isRight, string message)
    {
        if (!isRight) Assert.Fail(message + Tail());
    }

    private string Tail() =>
        $"; seed {_random.Seed}, the last steps were\n" + string.Join(
            '\n', Log.Skip(Math.Max(0, Log.Count - 15)));

    private string AnyName()
    {
        if (_random.OneIn(8)) return _random.Pick<string>(CollidingNames.All);
        string name = $"n{_random.Below(40)}";
        return _random.OneIn(5) ? name.PadRight(60 + (name.Length * 3), '-') : name;
    }

    private string AnyNameIn(ModelNode directory) =>
        directory.Names.Count > 0 && !_random.OneIn(8)
            ? directory.Names.Keys.ElementAt(_random.Below(directory.Names.Count))
            : AnyName();

    private ModelNode AnyDirectory()
    {
        ModelNode node = Model.Root;
        while (_random.OneIn(2))
        {
            ModelNode[] below = [.. node.Names.Values.Where(child => child.Type == ObjectType.Directory)];
            if (below.Length == 0) break;
            node = below[_random.Below(below.Length)];
        }
        return node;
    }

    private ModelNode? AnyFile()
    {
        ModelNode[] files =
            [.. AnyDirectory().Names.Values.Concat(_held).Where(child => child.Type == ObjectType.RegularFile)];
        return files.Length == 0 ? null : files[_random.Below(files.Length)];
    }

    private static bool Holds(ModelNode node, ModelNode wanted) =>
        node == wanted || node.Names.Values.Any(child => Holds(child, wanted));

    private static byte[] Bytes(string name) => Encoding.ASCII.GetBytes(name);

    private readonly record struct NameSink(List<(string Name, ulong Inum)> Names) : IDirectorySink
    {
        public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition)
        {
            Names.Add((Encoding.ASCII.GetString(name), inum));
            return true;
        }
    }
}

/// <summary>A script met the failure of a device.</summary>
internal sealed class ScriptFaultException(Errno error) : Exception(error.ToString())
{
    public Errno Error { get; } = error;
}
