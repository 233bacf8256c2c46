// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Format;

namespace Hammer2.Fuse.Administration.Doors;

/// <summary>Answers HAMMER2's ioctls on any file or directory of a mount; passes everything else on.</summary>
/// <param name="inner">The mount's filesystem.</param>
/// <param name="door">Carries out the requests.</param>
internal sealed class IoctlFileSystem(IFuseFileSystem inner, IoctlDoor door) : FuseFileSystemDecorator(inner)
{
    /// <inheritdoc/>
    public override int IoCtl(in FuseContext context, in FuseIoCtlIn request, ReadOnlySpan<byte> input,
        Span<byte> output, out int outputBytes, out int result)
    {
        if (!IoctlCommand.IsOfHammer2(request.Command))
            return Inner.IoCtl(in context, in request, input, output, out outputBytes, out result);
        result = 0;
        var call = new IoctlCall(context.NodeId, context.Uid, context.Interruption.HasCome);
        int error = (int)door.Run(call, request.Command, input, output);
        // Every command returns a record of the length that its number says.
        outputBytes = error == FuseErrno.None ? output.Length : 0;
        return error;
    }
}
