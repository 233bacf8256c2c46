// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Fuse.Protocol;

/// <content> Undoes successful replies that the kernel did not accept because the caller was killed: the kernel has
/// then not acquired the references and handles of the reply and will never release them.
/// </content>
public sealed partial class FuseDispatcher
{
    private void UndoReply(in FuseInHeader header, ReadOnlySpan<byte> payload)
    {
        try
        {
            UndoByOpcode(in header, payload);
        }
        catch (Exception failure)
        {
            _ = Interlocked.Increment(ref _thrownTotal);
            FuseLog.UndoReplyThrew(_logger, failure, header.Opcode, header.NodeId);
        }
    }

    private void UndoByOpcode(in FuseInHeader header, ReadOnlySpan<byte> payload)
    {
        var context = new FuseContext(in header);
        switch (header.Opcode)
        {
            case FuseOpcode.Lookup or FuseOpcode.Symlink or FuseOpcode.MkNod or FuseOpcode.MkDir
                or FuseOpcode.Link:
                ForgetEntry(payload);
                break;
            case FuseOpcode.Create or FuseOpcode.TmpFile:
                ulong created = MemoryMarshal.AsRef<FuseEntryOut>(payload).NodeId;
                ReadOnlySpan<byte> opened = payload[Unsafe.SizeOf<FuseEntryOut>()..];
                UndoHandle(in context, opened, created, isDirectory: false);
                ForgetEntry(payload);
                break;
            case FuseOpcode.Open:
                UndoHandle(in context, payload, header.NodeId, isDirectory: false);
                break;
            case FuseOpcode.OpenDir:
                UndoHandle(in context, payload, header.NodeId, isDirectory: true);
                break;
            case FuseOpcode.ReadDirPlus:
                ForgetEntries(payload);
                break;
            default:
                break;
        }
    }

    private void ForgetEntry(ReadOnlySpan<byte> payload)
    {
        ulong nodeId = MemoryMarshal.AsRef<FuseEntryOut>(payload).NodeId;
        if (nodeId != 0) _service.FileSystem.Forget(nodeId, 1);
    }

    private void UndoHandle(
        scoped in FuseContext context, ReadOnlySpan<byte> payload, ulong nodeId, bool isDirectory)
    {
        var header = new FuseInHeader { Opcode = context.Opcode, Unique = context.Unique, NodeId = nodeId };
        var onNode = new FuseContext(in header);
        var release = new FuseReleaseIn { Handle = MemoryMarshal.AsRef<FuseOpenOut>(payload).Handle };

        // The result of a release is always ignored.
        _ = isDirectory
            ? _service.FileSystem.ReleaseDir(in onNode, in release)
            : _service.FileSystem.Release(in onNode, in release);
    }

    private void ForgetEntries(ReadOnlySpan<byte> payload)
    {
        while (payload.Length >= Unsafe.SizeOf<FuseDirentPlus>())
        {
            ref readonly FuseDirentPlus plus = ref MemoryMarshal.AsRef<FuseDirentPlus>(payload);
            int nameBytes = (int)plus.Dirent.NameBytes;
            ReadOnlySpan<byte> name = payload.Slice(Unsafe.SizeOf<FuseDirentPlus>(), nameBytes);
            bool isDots = name.SequenceEqual("."u8) || name.SequenceEqual(".."u8);
            if (plus.Entry.NodeId != 0 && !isDots) _service.FileSystem.Forget(plus.Entry.NodeId, 1);
            payload = payload[((Unsafe.SizeOf<FuseDirentPlus>() + nameBytes + 7) & ~7)..];
        }
    }
}
