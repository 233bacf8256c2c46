// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>Takes from a request and its answer what a trace shows of the operation.</summary>
internal static class FuseTraceDetails
{
    /// <summary>Fills in name, position, size and the object of the answer.</summary>
    /// <param name="entry">Has the operation and its error.</param>
    /// <param name="message">The request; one that is malformed leaves all of it out.</param>
    /// <param name="answer">The payload of the answer.</param>
    public static void Fill(ref FuseTraceEntry entry, ReadOnlySpan<byte> message, ReadOnlySpan<byte> answer)
    {
        if (!FuseRequest.TryOpen(message, out FuseRequest request, out _)) return;
        FillRange(ref entry, request);
        FillName(ref entry, request);
        bool hasEntry = entry.Opcode is FuseOpcode.Lookup or FuseOpcode.Symlink or FuseOpcode.MkNod
            or FuseOpcode.MkDir or FuseOpcode.Link or FuseOpcode.Create or FuseOpcode.TmpFile;
        if (!hasEntry || entry.Error != FuseErrno.None || answer.Length < Unsafe.SizeOf<FuseEntryOut>()) return;
        entry.ResultNodeId = MemoryMarshal.AsRef<FuseEntryOut>(answer).NodeId;
        // A missing name is told to the kernel by an entry without a node, which it keeps.
        if (entry.ResultNodeId == 0) entry.Error = FuseErrno.ENOENT;
    }

    private static void FillRange(ref FuseTraceEntry entry, FuseRequest request)
    {
        switch (entry.Opcode)
        {
            case FuseOpcode.Read or FuseOpcode.ReadDir or FuseOpcode.ReadDirPlus:
                ref readonly FuseReadIn read = ref request.Record<FuseReadIn>();
                (entry.Position, entry.SizeBytes) = (read.Position, read.SizeBytes);
                break;
            case FuseOpcode.Write:
                ref readonly FuseWriteIn write = ref request.Record<FuseWriteIn>();
                (entry.Position, entry.SizeBytes) = (write.Position, write.SizeBytes);
                break;
            case FuseOpcode.FAllocate:
                ref readonly FuseFAllocateIn allocate = ref request.Record<FuseFAllocateIn>();
                (entry.Position, entry.SizeBytes) = (allocate.Position, allocate.LengthBytes);
                break;
            case FuseOpcode.LSeek:
                entry.Position = request.Record<FuseLSeekIn>().Position;
                break;
            case FuseOpcode.CopyFileRange or FuseOpcode.CopyFileRange64:
                ref readonly FuseCopyFileRangeIn copy = ref request.Record<FuseCopyFileRangeIn>();
                (entry.Position, entry.SizeBytes) = (copy.SourcePosition, copy.LengthBytes);
                break;
            case FuseOpcode.SetAttr:
                ref readonly FuseSetAttrIn set = ref request.Record<FuseSetAttrIn>();
                if (set.Valid.HasFlag(FuseSetAttrValid.Size)) entry.SizeBytes = set.SizeBytes;
                break;
            default:
                break;
        }
    }

    private static void FillName(ref FuseTraceEntry entry, FuseRequest request)
    {
        switch (entry.Opcode)
        {
            case FuseOpcode.Lookup or FuseOpcode.Unlink or FuseOpcode.RmDir or FuseOpcode.Symlink
                or FuseOpcode.RemoveXAttr:
                break;
            case FuseOpcode.MkNod: _ = request.Record<FuseMkNodIn>(); break;
            case FuseOpcode.MkDir: _ = request.Record<FuseMkDirIn>(); break;
            case FuseOpcode.Create: _ = request.Record<FuseCreateIn>(); break;
            case FuseOpcode.Link: _ = request.Record<FuseLinkIn>(); break;
            case FuseOpcode.Rename: _ = request.Record<FuseRenameIn>(); break;
            case FuseOpcode.Rename2: _ = request.Record<FuseRename2In>(); break;
            case FuseOpcode.GetXAttr: _ = request.Record<FuseGetXAttrIn>(); break;
            default: return;
        }
        ReadOnlySpan<byte> name = request.Name();
        if (request.Fault is null) entry.SetName(name);
    }
}
