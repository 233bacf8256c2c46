// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Format;

namespace Hammer2.Fuse.Administration.Doors;

/// <summary>Answers HAMMER2's ioctls, fstrim(8) and FS_IOC_SHUTDOWN on any file or directory of a mount; passes
/// everything else on.</summary>
/// <param name="inner">The mount's filesystem.</param>
/// <param name="door">Carries out the requests.</param>
/// <param name="objects">Says which objects node ids stand for; null when they are inode numbers.</param>
internal sealed class IoctlFileSystem(IFuseFileSystem inner, IoctlDoor door, INodeObjects? objects = null)
    : FuseFileSystemDecorator(inner)
{
    /// <inheritdoc/>
    public override int IoCtl(in FuseContext context, in FuseIoCtlIn request, ReadOnlySpan<byte> input,
        Span<byte> output, out int outputBytes, out int result)
    {
        bool isOurs = IoctlCommand.IsOfHammer2(request.Command)
            || request.Command is IoctlCommand.Trim or IoctlCommand.Shutdown;
        if (!isOurs)
            return Inner.IoCtl(in context, in request, input, output, out outputBytes, out result);
        (outputBytes, result) = (0, 0);
        ulong inum = context.NodeId;
        bool isUsed = objects is not null && IoctlDoor.IsOfObject(request.Command);
        if (isUsed && objects!.Enter(context.NodeId, out inum) is var stale and not FuseErrno.None) return stale;
        int error;
        try
        {
            var call = new IoctlCall(inum, context.Uid, context.Interruption.HasCome);
            error = (int)door.Run(call, request.Command, input, output);
        }
        finally
        {
            if (isUsed) objects!.Leave();
        }
        // Every command returns a record of the length that its number says.
        outputBytes = error == FuseErrno.None ? output.Length : 0;
        return error;
    }
}
