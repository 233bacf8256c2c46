// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <content>Operations on files, directories and the whole filesystem.</content>
public sealed partial class FuseDispatcher
{
    private static int Open(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseOpenIn record = ref request.Record<FuseOpenIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.Open(in context, in record, ref reply.Record<FuseOpenOut>());
    }

    private static int OpenDir(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseOpenIn record = ref request.Record<FuseOpenIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.OpenDir(in context, in record, ref reply.Record<FuseOpenOut>());
    }

    private static int Create(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseCreateIn record = ref request.Record<FuseCreateIn>();
        ReadOnlySpan<byte> name = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        ref FuseEntryOut entry = ref reply.Record<FuseEntryOut>();
        return dispatcher._fileSystem.Create(
            in context, in record, name, ref entry, ref reply.Record<FuseOpenOut>());
    }

    private static int TmpFile(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseCreateIn record = ref request.Record<FuseCreateIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        ref FuseEntryOut entry = ref reply.Record<FuseEntryOut>();
        return dispatcher._fileSystem.TmpFile(
            in context, in record, ref entry, ref reply.Record<FuseOpenOut>());
    }

    private static int Read(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseReadIn record = ref request.Record<FuseReadIn>();
        if (record.SizeBytes > dispatcher._connection.MaxReadBytes)
            request.Reject("it reads more than was agreed");
        if (request.Fault is not null) return FuseErrno.EINVAL;
        int error = dispatcher._fileSystem.Read(
            in context, in record, reply.Room(record.SizeBytes), out int readBytes);
        if (error == FuseErrno.None) reply.Keep(readBytes);
        return error;
    }

    private static int ReadDir(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseReadIn record = ref request.Record<FuseReadIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        bool wantsAttributes = context.Opcode == FuseOpcode.ReadDirPlus;
        var packer = new FuseDirectoryPacker(reply.Room(record.SizeBytes), wantsAttributes);
        int error = dispatcher._fileSystem.ReadDir(in context, in record, ref packer);
        if (error == FuseErrno.None) reply.Keep(packer.UsedBytes);
        return error;
    }

    private static int Write(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseWriteIn record = ref request.Record<FuseWriteIn>();
        ReadOnlySpan<byte> data = request.Bytes(record.SizeBytes);
        if (request.Fault is not null) return FuseErrno.EINVAL;
        int error = dispatcher._fileSystem.Write(in context, in record, data, out int writtenBytes);
        if (error == FuseErrno.None) reply.Record<FuseWriteOut>().SizeBytes = (uint)writtenBytes;
        return error;
    }

    private static int Release(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseReleaseIn record = ref request.Record<FuseReleaseIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.Release(in context, in record);
    }

    private static int ReleaseDir(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseReleaseIn record = ref request.Record<FuseReleaseIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.ReleaseDir(in context, in record);
    }

    private static int Flush(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseFlushIn record = ref request.Record<FuseFlushIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.Flush(in context, in record);
    }

    private static int FSync(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseFSyncIn record = ref request.Record<FuseFSyncIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.FSync(in context, in record);
    }

    private static int FSyncDir(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseFSyncIn record = ref request.Record<FuseFSyncIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.FSyncDir(in context, in record);
    }

    private static int FAllocate(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseFAllocateIn record = ref request.Record<FuseFAllocateIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.FAllocate(in context, in record);
    }

    private static int LSeek(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseLSeekIn record = ref request.Record<FuseLSeekIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        int error = dispatcher._fileSystem.LSeek(in context, in record, out ulong position);
        if (error == FuseErrno.None) reply.Record<FuseLSeekOut>().Position = position;
        return error;
    }

    private static int CopyFileRange(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        FuseCopyFileRangeIn record = request.Record<FuseCopyFileRangeIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        // The answer has 32 bits; a page less than their greatest value keeps ranges aligned.
        record.LengthBytes = Math.Min(record.LengthBytes, uint.MaxValue - 4095);
        int error = dispatcher._fileSystem.CopyFileRange(in context, in record, out ulong copiedBytes);
        if (error == FuseErrno.None) reply.Record<FuseWriteOut>().SizeBytes = (uint)copiedBytes;
        return error;
    }

    private static int CopyFileRange64(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseCopyFileRangeIn record = ref request.Record<FuseCopyFileRangeIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        int error = dispatcher._fileSystem.CopyFileRange(in context, in record, out ulong copiedBytes);
        if (error == FuseErrno.None) reply.Record<FuseCopyFileRangeOut>().SizeBytes = copiedBytes;
        return error;
    }

    private static int BMap(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseBMapIn record = ref request.Record<FuseBMapIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        int error = dispatcher._fileSystem.BMap(in context, in record, out ulong block);
        if (error == FuseErrno.None) reply.Record<FuseBMapOut>().Block = block;
        return error;
    }

    private static int Poll(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FusePollIn record = ref request.Record<FusePollIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        int error = dispatcher._fileSystem.Poll(in context, in record, out uint readyEvents);
        if (error == FuseErrno.None) reply.Record<FusePollOut>().ReadyEvents = readyEvents;
        return error;
    }

    private static int GetLk(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseLkIn record = ref request.Record<FuseLkIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.GetLk(in context, in record, ref reply.Record<FuseLkOut>());
    }

    private static int SetLk(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseLkIn record = ref request.Record<FuseLkIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.SetLk(
            in context, in record, waits: context.Opcode == FuseOpcode.SetLkW);
    }

    private static int IoCtl(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseIoCtlIn record = ref request.Record<FuseIoCtlIn>();
        ReadOnlySpan<byte> input = request.Bytes(record.InputBytes);
        if (request.Fault is not null) return FuseErrno.EINVAL;
        ref FuseIoCtlOut answer = ref reply.Record<FuseIoCtlOut>();
        Span<byte> output = reply.Room(record.OutputBytes);
        output.Clear();
        int error = dispatcher._fileSystem.IoCtl(
            in context, in record, input, output, out int outputBytes, out int result);
        answer.Result = result;
        if (error == FuseErrno.None) reply.Keep(outputBytes);
        return error;
    }

    private static int StatFs(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        return dispatcher._fileSystem.StatFs(in context, ref reply.Record<FuseStatFsOut>());
    }

    private static int SyncFs(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        _ = request.Record<FuseSyncFsIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return dispatcher._fileSystem.SyncFs(in context);
    }

    private static int Interrupt(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ulong unique = request.Record<FuseInterruptIn>().Unique;
        if (request.Fault is null) dispatcher._interrupts.Interrupt(unique);
        return FuseErrno.None;
    }

    private static int NotifyReply(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        // Nothing is ever retrieved, so nothing is to be done with what arrives.
        return FuseErrno.None;
    }

    private static int InitAgain(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        request.Reject("INIT was answered already");
        return FuseErrno.EINVAL;
    }

    private static int Farewell(
        FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        dispatcher.Destroy();
        return FuseErrno.None;
    }
}
