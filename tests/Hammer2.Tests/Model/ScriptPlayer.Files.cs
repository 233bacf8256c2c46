// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Model;

// Operations on what is in files, on flags, and on files without names.
internal sealed partial class ScriptPlayer
{
    private const int AttributeKind = 15;
    private const int KindsTotal = 17;
    private const int HeldMax = 8;
    private const int BlockBytes = Media.FileBlockBytes;

    // Objects that lost their last name, or never had one, and are in use.
    private readonly List<ModelNode> _held = [];

    /// <summary>Lets go of everything without a name, as an unmount does.</summary>
    public void ForgetAll(VnodeOps ops)
    {
        foreach (ModelNode node in _held) Check("forget", Errno.None, ops.Forget(node.Inum));
        _held.Clear();
    }

    private void StepFiles(VnodeOps ops, int kind)
    {
        switch (kind)
        {
            case 10:
                SetFlags(ops);
                break;
            case 11:
                CopyRange(ops);
                break;
            case 12:
                CreateTmpFile(ops);
                break;
            case 13:
                ForgetOne(ops);
                break;
            case AttributeKind:
                SetAttribute(ops);
                break;
            case AttributeKind + 1:
                RemoveAttribute(ops);
                break;
            default:
                Allocate(ops);
                break;
        }
    }

    // What lost a name is forgotten at once, or used for a while longer.
    private void Leave(VnodeOps ops, ModelNode node, ulong inum)
    {
        Assert.Equal(node.Inum, inum);
        if (_held.Contains(node)) return;
        bool isUnlinked = node.LinkCount == 0 || node.Type == ObjectType.Directory;
        if (isUnlinked && node.Type == ObjectType.RegularFile && _held.Count < HeldMax && _random.OneIn(2))
            _held.Add(node);
        else Check("forget", Errno.None, ops.Forget(inum));
    }

    private void CreateTmpFile(VnodeOps ops)
    {
        if (_held.Count == HeldMax) return;
        ModelNode directory = AnyDirectory();
        Errno expected = directory.IsImmutable ? Errno.EPERM : Errno.None;
        Errno error = ops.CreateTmpFile(directory.Inum, UnixMode.O600, Caller, out VnodeAttributes at);
        Check("create without a name", expected, error);
        if (error != Errno.None) return;
        _held.Add(new ModelNode(ObjectType.RegularFile, UnixMode.O600)
        {
            Inum = at.Inum,
            UserId = Caller.UserId,
            LinkCount = 0,
            IsLinkable = true,
            Flags = directory.Flags & ModelFileSystem.Inherited,
        });
    }

    private void ForgetOne(VnodeOps ops)
    {
        if (_held.Count == 0) return;
        int at = _random.Below(_held.Count);
        ModelNode node = _held[at];
        _held.RemoveAt(at);
        Check("forget", Errno.None, ops.Forget(node.Inum));
        if (node.LinkCount == 0)
            Check("forgotten", Errno.ESTALE, ops.GetAttributes(node.Inum, out _));
    }

    private void Write(VnodeOps ops)
    {
        if (AnyFile() is not { } file) return;
        long position = _random.Between(0, _random.OneIn(3) ? _positionMax : file.Content.Length);
        byte[] data = new byte[1 + _random.Below(_random.Pick<int>([40, 700, 70_000, 200_000]))];
        if (_random.OneIn(3)) _random.Fill(data);
        else if (!_random.OneIn(4)) Array.Fill(data, (byte)_random.Below(256));
        bool isRefused = file.IsImmutable || (file.IsAppend && position < file.Content.Length);
        bool drops = _random.OneIn(4);
        Check($"write {file.Inum} {position} {data.Length}", isRefused ? Errno.EPERM : Errno.None,
            ops.Write(file.Inum, (ulong)position, data, drops));
        if (isRefused) return;
        file.Content.Write(position, data);
        _ = file.Attributes.Remove(Capability);
        if (drops) DropPrivileges(file);
    }

    private static void DropPrivileges(ModelNode file)
    {
        file.Mode &= ~0x800u;
        if ((file.Mode & 8) != 0) file.Mode &= ~0x400u;
    }

    private void Resize(VnodeOps ops)
    {
        if (AnyFile() is not { } file) return;
        long length = _random.Between(0, _random.OneIn(3) ? _positionMax : file.Content.Length);
        Errno error = ops.SetAttributes(file.Inum, new AttributeChange { SizeBytes = (ulong)length }, out _);
        Check($"resize {file.Inum} {length}", file.IsFixed ? Errno.EPERM : Errno.None, error);
        if (file.IsFixed) return;
        file.Content.Resize(length);
        _ = file.Attributes.Remove(Capability);
    }

    private void Allocate(VnodeOps ops)
    {
        if (AnyFile() is not { } file) return;
        long position = _random.Between(0, _random.OneIn(3) ? _positionMax : file.Content.Length);
        long length = 1 + _random.Below(_random.Pick<int>([100, 70_000, 900_000]));
        if (_random.OneIn(4)) (position, length) = (position & -BlockBytes, Math.Max(length & -BlockBytes, 1));
        AllocateModes modes = _random.Pick<AllocateModes>(
        [
            AllocateModes.None, AllocateModes.KeepSize, AllocateModes.PunchHole | AllocateModes.KeepSize,
            AllocateModes.PunchHole | AllocateModes.KeepSize, AllocateModes.ZeroRange,
            AllocateModes.ZeroRange | AllocateModes.KeepSize, AllocateModes.CollapseRange,
        ]);
        // Holes may be as long as there are files.
        bool punches = (modes & (AllocateModes.PunchHole | AllocateModes.ZeroRange)) != 0;
        if (punches && _random.OneIn(8)) length = long.MaxValue - position;
        if ((modes & AllocateModes.KeepSize) == 0) length = Math.Min(length, 900_000);
        Errno expected = modes == AllocateModes.CollapseRange ? Errno.EOPNOTSUPP
            : file.IsImmutable || (punches && file.IsAppend) ? Errno.EPERM : Errno.None;
        Check($"allocate {file.Inum} {position} {length} {modes}", expected,
            ops.Allocate(file.Inum, (ulong)position, (ulong)length, modes));
        if (expected != Errno.None) return;
        if (punches) file.Content.Clear(position, Math.Min(position + length, file.Content.Length));
        if ((modes & AllocateModes.KeepSize) == 0 && position + length > file.Content.Length)
            file.Content.Resize(position + length);
    }

    private void CopyRange(VnodeOps ops)
    {
        if (AnyFile() is not { } source || AnyFile() is not { } target) return;
        // Mostly where blocks can be shared: on their edges.
        long grain = _random.OneIn(3) ? 1 : BlockBytes;
        long from = _random.Between(0, source.Content.Length) / grain * grain;
        long to = _random.Between(0, _random.OneIn(5) ? _positionMax : target.Content.Length) / grain * grain;
        long length = _random.OneIn(4) ? source.Content.Length - from : 1 + _random.Below(400_000L);
        // A copy of a hole of 2^61 bytes takes for ever in the model.
        length = Math.Min(length, 2_000_000);
        if (_random.OneIn(2)) length = Math.Max(1, length / grain * grain);
        long expectedBytes = Math.Clamp(source.Content.Length - from, 0, length);
        Errno expected = target.IsImmutable || (target.IsAppend && to < target.Content.Length)
            ? Errno.EPERM : Errno.None;
        if (length == 0) return;
        if (source == target && Math.Abs(from - to) < expectedBytes) expected = Errno.EINVAL;
        bool drops = _random.OneIn(4);
        Errno error = ops.CopyRange(
            new FilePosition(source.Inum, (ulong)from), new FilePosition(target.Inum, (ulong)to), (ulong)length,
            drops, out ulong copied);
        Check($"copy {source.Inum} {from} to {target.Inum} {to}, {length}", expected, error);
        // What was copied before a device failed is told as success.
        bool isShort = EndsAtFault && error == Errno.None && copied > 0 && (long)copied < expectedBytes;
        Expect(
            isShort || (long)copied == (error == Errno.None ? expectedBytes : 0), $"{copied} copied");
        if (copied == 0) return;
        byte[] bytes = new byte[copied];
        source.Content.Read(from, bytes);
        target.Content.Write(to, bytes);
        if (drops) DropPrivileges(target);
        if (isShort) throw new ScriptFaultException(Errno.EIO);
    }

    private void SetFlags(VnodeOps ops)
    {
        ModelNode node = AnyDirectory();
        if (node.Names.TryGetValue(AnyNameIn(node), out ModelNode? child) && !_random.OneIn(8)) node = child;
        // Flags that forbid things are mostly taken off again, so that scripts go on.
        LinuxFileFlags flags = _random.Pick<LinuxFileFlags>(
            [LinuxFileFlags.None, LinuxFileFlags.Compress, LinuxFileFlags.NoCompress]);
        if (_random.OneIn(3)) flags |= LinuxFileFlags.NoDump;
        if (_random.OneIn(4))
            flags |= _random.OneIn(2) ? LinuxFileFlags.Append : LinuxFileFlags.Immutable;
        if (_random.OneIn(20)) flags |= LinuxFileFlags.Compress | LinuxFileFlags.NoCompress;
        const LinuxFileFlags Both = LinuxFileFlags.Compress | LinuxFileFlags.NoCompress;
        Errno expected = (flags & Both) == Both ? Errno.EINVAL : Errno.None;
        Check($"set flags {node.Inum} {flags}", expected, ops.SetFlags(node.Inum, flags));
        if (expected == Errno.None) node.Flags = flags;
    }
}
