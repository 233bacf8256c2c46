// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>Handlers of operations with variable-length data, and of those handled by the dispatcher itself.</summary>
internal static class FuseDataHandlers
{
    private const uint LinkBytesMax = 4095;

    // Without SETXATTR_EXT the record ends after size and flags.
    private const int ShortSetXAttrBytes = 8;
    private const int SetXAttrBytes = 16;
    private const int ForgetOneBytes = 16;

    public static int Read(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseReadIn record = ref request.Record<FuseReadIn>();
        if (record.SizeBytes > service.Connection.MaxReadBytes) request.Reject("it reads more than was agreed");
        if (request.Fault is not null) return FuseErrno.EINVAL;
        int error = service.FileSystem.Read(
            in context, in record, reply.Room(record.SizeBytes), out int readBytes);
        if (error == FuseErrno.None) reply.Keep(readBytes);
        return error;
    }

    public static int ReadDir(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseReadIn record = ref request.Record<FuseReadIn>();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        bool wantsAttributes = context.Opcode == FuseOpcode.ReadDirPlus;
        var packer = new FuseDirectoryPacker(reply.Room(record.SizeBytes), wantsAttributes);
        int error = service.FileSystem.ReadDir(in context, in record, ref packer);
        if (error == FuseErrno.None) reply.Keep(packer.UsedBytes);
        return error;
    }

    public static int Write(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseWriteIn record = ref request.Record<FuseWriteIn>();
        ReadOnlySpan<byte> data = request.Bytes(record.SizeBytes);
        if (request.Fault is not null) return FuseErrno.EINVAL;
        int error = service.FileSystem.Write(in context, in record, data, out int writtenBytes);
        reply.Record<FuseWriteOut>().SizeBytes = (uint)writtenBytes;
        return error;
    }

    public static int IoCtl(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseIoCtlIn record = ref request.Record<FuseIoCtlIn>();
        ReadOnlySpan<byte> input = request.Bytes(record.InputBytes);
        if (request.Fault is not null) return FuseErrno.EINVAL;
        ref FuseIoCtlOut answer = ref reply.Record<FuseIoCtlOut>();
        Span<byte> output = reply.Room(record.OutputBytes);
        output.Clear();
        int error = service.FileSystem.IoCtl(
            in context, in record, input, output, out int outputBytes, out int result);
        answer.Result = result;
        if (error == FuseErrno.None) reply.Keep(outputBytes);
        return error;
    }

    public static int ReadLink(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        // One byte less than a page: the kernel appends a NUL to the target.
        int error = service.FileSystem.ReadLink(in context, reply.Room(LinkBytesMax), out int targetBytes);
        if (error == FuseErrno.None) reply.Keep(targetBytes);
        return error;
    }

    public static int SetXAttr(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        FuseSetXAttrIn record = request.ShorterRecord<FuseSetXAttrIn>(
            service.Connection.Has(FuseInitFlags.SetXAttrExt) ? SetXAttrBytes : ShortSetXAttrBytes);
        ReadOnlySpan<byte> name = request.Name();
        ReadOnlySpan<byte> value = request.Bytes(record.SizeBytes);
        return request.Fault is null
            ? service.FileSystem.SetXAttr(in context, in record, name, value)
            : FuseErrno.EINVAL;
    }

    public static int GetXAttr(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        uint room = request.Record<FuseGetXAttrIn>().SizeBytes;
        ReadOnlySpan<byte> name = request.Name();
        if (request.Fault is not null) return FuseErrno.EINVAL;
        int error = service.FileSystem.GetXAttr(in context, name, reply.Room(room), out int valueBytes);
        return error == FuseErrno.None ? AnswerXAttr(room, valueBytes, ref reply) : error;
    }

    public static int ListXAttr(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        uint room = request.Record<FuseGetXAttrIn>().SizeBytes;
        if (request.Fault is not null) return FuseErrno.EINVAL;
        int error = service.FileSystem.ListXAttr(in context, reply.Room(room), out int namesBytes);
        return error == FuseErrno.None ? AnswerXAttr(room, namesBytes, ref reply) : error;
    }

    public static int Forget(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ulong count = request.Record<FuseForgetIn>().LookupCount;
        if (request.Fault is null) service.FileSystem.Forget(context.NodeId, count);
        return FuseErrno.None;
    }

    public static int BatchForget(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        uint count = request.Record<FuseBatchForgetIn>().Count;
        if (count > request.RemainingBytes / ForgetOneBytes) request.Reject("it counts more nodes than it holds");
        for (uint index = 0; index < count && request.Fault is null; index++)
        {
            ref readonly FuseForgetOne one = ref request.Record<FuseForgetOne>();
            service.FileSystem.Forget(one.NodeId, one.LookupCount);
        }
        return FuseErrno.None;
    }

    public static int Interrupt(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ulong unique = request.Record<FuseInterruptIn>().Unique;
        if (request.Fault is null) service.Interrupts.Interrupt(unique);
        return FuseErrno.None;
    }

    // This server never retrieves data from the kernel's cache, so a reply to that is ignored.
    public static int NotifyReply(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply) => FuseErrno.None;

    public static int InitAgain(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        request.Reject("INIT was answered already");
        return FuseErrno.EINVAL;
    }

    public static int Destroy(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        service.Destroy();
        return FuseErrno.None;
    }

    // A caller without a buffer gets the length; one with a buffer that is too short gets ERANGE.
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
