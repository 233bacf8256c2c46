// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <content>Operations on names and nodes.</content>
public sealed partial class FuseDispatcher
{
    private const uint LinkBytesMax = 4095;

    // Without SETXATTR_EXT the record ends after size and flags.
    private const int ShortSetXAttrBytes = 8;

    private static int Lookup(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ReadOnlySpan<byte> name = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.Lookup(in context, name, ref reply.Record<FuseEntryOut>());
    }

    private static int Forget(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ulong count = request.Record<FuseForgetIn>().LookupCount;
        if (request.Fault is null) dispatcher._fileSystem.Forget(context.NodeId, count);
        return FuseErrno.None;
    }

    private static int BatchForget(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        uint count = request.Record<FuseBatchForgetIn>().Count;
        if (count > request.RemainingBytes / 16) request.Reject("it counts more nodes than it holds");
        for (uint index = 0; index < count && request.Fault is null; index++)
        {
            ref readonly FuseForgetOne one = ref request.Record<FuseForgetOne>();
            dispatcher._fileSystem.Forget(one.NodeId, one.LookupCount);
        }
        return FuseErrno.None;
    }

    private static int GetAttr(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseGetAttrIn record = ref request.Record<FuseGetAttrIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.GetAttr(in context, in record, ref reply.Record<FuseAttrOut>());
    }

    private static int SetAttr(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseSetAttrIn record = ref request.Record<FuseSetAttrIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.SetAttr(in context, in record, ref reply.Record<FuseAttrOut>());
    }

    private static int StatX(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseStatXIn record = ref request.Record<FuseStatXIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.StatX(in context, in record, ref reply.Record<FuseStatXOut>());
    }

    private static int Access(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseAccessIn record = ref request.Record<FuseAccessIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.Access(in context, record.Mask);
    }

    private static int ReadLink(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        // One byte less than a page: the kernel ends the target with a NUL of its own.
        int error = dispatcher._fileSystem.ReadLink(
            in context, reply.Room(LinkBytesMax), out int targetBytes);
        if (error == FuseErrno.None) reply.Keep(targetBytes);
        return error;
    }

    private static int Symlink(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ReadOnlySpan<byte> name = request.Name();
        ReadOnlySpan<byte> target = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.Symlink(in context, name, target, ref reply.Record<FuseEntryOut>());
    }

    private static int MkNod(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseMkNodIn record = ref request.Record<FuseMkNodIn>();
        ReadOnlySpan<byte> name = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.MkNod(in context, in record, name, ref reply.Record<FuseEntryOut>());
    }

    private static int MkDir(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseMkDirIn record = ref request.Record<FuseMkDirIn>();
        ReadOnlySpan<byte> name = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.MkDir(in context, in record, name, ref reply.Record<FuseEntryOut>());
    }

    private static int Unlink(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ReadOnlySpan<byte> name = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.Unlink(in context, name);
    }

    private static int RmDir(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ReadOnlySpan<byte> name = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.RmDir(in context, name);
    }

    private static int Rename(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ulong newDirectory = request.Record<FuseRenameIn>().NewDirectory;
        ReadOnlySpan<byte> name = request.Name();
        ReadOnlySpan<byte> newName = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.Rename(in context, name, newDirectory, newName, flags: 0);
    }

    private static int Rename2(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseRename2In record = ref request.Record<FuseRename2In>();
        ReadOnlySpan<byte> name = request.Name();
        ReadOnlySpan<byte> newName = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.Rename(in context, name, record.NewDirectory, newName, record.Flags);
    }

    private static int Link(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ulong oldNodeId = request.Record<FuseLinkIn>().OldNodeId;
        ReadOnlySpan<byte> newName = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.Link(in context, oldNodeId, newName, ref reply.Record<FuseEntryOut>());
    }

    private static int SetXAttr(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        FuseSetXAttrIn record = request.ShorterRecord<FuseSetXAttrIn>(
            dispatcher._connection.Has(FuseInitFlags.SetXAttrExt) ? 16 : ShortSetXAttrBytes);
        ReadOnlySpan<byte> name = request.Name();
        ReadOnlySpan<byte> value = request.Bytes(record.SizeBytes);
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.SetXAttr(in context, in record, name, value);
    }

    private static int GetXAttr(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        uint room = request.Record<FuseGetXAttrIn>().SizeBytes;
        ReadOnlySpan<byte> name = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        int error = dispatcher._fileSystem.GetXAttr(in context, name, reply.Room(room), out int valueBytes);
        return error == FuseErrno.None ? AnswerXAttr(room, valueBytes, ref reply) : error;
    }

    private static int ListXAttr(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        uint room = request.Record<FuseGetXAttrIn>().SizeBytes;
        if (request.Fault is not null) return FuseErrno.EINVAL;
        int error = dispatcher._fileSystem.ListXAttr(in context, reply.Room(room), out int namesBytes);
        return error == FuseErrno.None ? AnswerXAttr(room, namesBytes, ref reply) : error;
    }

    private static int RemoveXAttr(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ReadOnlySpan<byte> name = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.RemoveXAttr(in context, name);
    }

    // A caller without room asks how much is needed; one with too little is told so.
    private static int AnswerXAttr(uint room, int bytes, scoped ref FuseReply reply)
    {
        if (room == 0)
        {
            reply.Record<FuseGetXAttrOut>().SizeBytes = (uint)bytes;
            return FuseErrno.None;
        }
        if ((uint)bytes > room) return FuseErrno.ERANGE;
        reply.Keep(bytes);
        return FuseErrno.None;
    }
}
