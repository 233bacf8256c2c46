// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>The table of supported operations.</summary>
internal static class FuseOperations
{
    // The reply to COPY_FILE_RANGE has 32 bits; a page less than their maximum keeps ranges aligned.
    private const ulong CopyBytesMax = uint.MaxValue - 4095;

    private static readonly FuseRow[] Rows =
    [
        // Names and nodes.
        new FuseRow<FuseNothing, FuseEntryOut>(FuseOpcode.Lookup, static (fs, in c, in _, names, ref entry) =>
            fs.Lookup(in c, names.First, ref entry)) { Names = 1 },
        new FuseDataRow(FuseOpcode.Forget, FuseDataHandlers.Forget) { IsAnswered = false },
        new FuseDataRow(FuseOpcode.BatchForget, FuseDataHandlers.BatchForget) { IsAnswered = false },
        new FuseRow<FuseGetAttrIn, FuseAttrOut>(FuseOpcode.GetAttr, static (fs, in c, in input, _, ref answer) =>
            fs.GetAttr(in c, in input, ref answer)),
        new FuseRow<FuseSetAttrIn, FuseAttrOut>(FuseOpcode.SetAttr, static (fs, in c, in input, _, ref answer) =>
            fs.SetAttr(in c, in input, ref answer)) { Duration = FuseDuration.Long },
        new FuseRow<FuseStatXIn, FuseStatXOut>(FuseOpcode.StatX, static (fs, in c, in input, _, ref answer) =>
            fs.StatX(in c, in input, ref answer)),
        new FuseRow<FuseAccessIn, FuseNothing>(FuseOpcode.Access, static (fs, in c, in input, _, ref _) =>
            fs.Access(in c, input.Mask)),
        new FuseDataRow(FuseOpcode.ReadLink, FuseDataHandlers.ReadLink),
        new FuseRow<FuseNothing, FuseEntryOut>(FuseOpcode.Symlink, static (fs, in c, in _, names, ref entry) =>
            fs.Symlink(in c, names.First, names.Second, ref entry)) { Names = 2, Duration = FuseDuration.Change },
        new FuseRow<FuseMkNodIn, FuseEntryOut>(FuseOpcode.MkNod, static (fs, in c, in input, names, ref entry) =>
            fs.MkNod(in c, in input, names.First, ref entry)) { Names = 1, Duration = FuseDuration.Change },
        new FuseRow<FuseMkDirIn, FuseEntryOut>(FuseOpcode.MkDir, static (fs, in c, in input, names, ref entry) =>
            fs.MkDir(in c, in input, names.First, ref entry)) { Names = 1, Duration = FuseDuration.Change },
        new FuseRow<FuseNothing, FuseNothing>(FuseOpcode.Unlink, static (fs, in c, in _, names, ref _) =>
            fs.Unlink(in c, names.First)) { Names = 1, Duration = FuseDuration.Change },
        new FuseRow<FuseNothing, FuseNothing>(FuseOpcode.RmDir, static (fs, in c, in _, names, ref _) =>
            fs.RmDir(in c, names.First)) { Names = 1, Duration = FuseDuration.Change },
        new FuseRow<FuseRenameIn, FuseNothing>(FuseOpcode.Rename, static (fs, in c, in input, names, ref _) =>
            fs.Rename(in c, names.First, input.NewDirectory, names.Second, flags: 0))
            { Names = 2, Duration = FuseDuration.Change },
        new FuseRow<FuseRename2In, FuseNothing>(FuseOpcode.Rename2, static (fs, in c, in input, names, ref _) =>
            fs.Rename(in c, names.First, input.NewDirectory, names.Second, input.Flags))
            { Names = 2, Duration = FuseDuration.Change },
        new FuseRow<FuseLinkIn, FuseEntryOut>(FuseOpcode.Link, static (fs, in c, in input, names, ref entry) =>
            fs.Link(in c, input.OldNodeId, names.First, ref entry)) { Names = 1, Duration = FuseDuration.Change },
        new FuseDataRow(FuseOpcode.SetXAttr, FuseDataHandlers.SetXAttr),
        new FuseDataRow(FuseOpcode.GetXAttr, FuseDataHandlers.GetXAttr),
        new FuseDataRow(FuseOpcode.ListXAttr, FuseDataHandlers.ListXAttr),
        new FuseRow<FuseNothing, FuseNothing>(FuseOpcode.RemoveXAttr, static (fs, in c, in _, names, ref _) =>
            fs.RemoveXAttr(in c, names.First)) { Names = 1 },

        // Files and directories.
        new FuseRow<FuseOpenIn, FuseOpenOut>(FuseOpcode.Open, static (fs, in c, in input, _, ref answer) =>
            fs.Open(in c, in input, ref answer)),
        new FuseRow<FuseCreateIn, FuseCreateOut>(FuseOpcode.Create, static (fs, in c, in input, names, ref answer) =>
            fs.Create(in c, in input, names.First, ref answer.Entry, ref answer.Open))
            { Names = 1, Duration = FuseDuration.Change },
        new FuseRow<FuseCreateIn, FuseCreateOut>(FuseOpcode.TmpFile, static (fs, in c, in input, _, ref answer) =>
            fs.TmpFile(in c, in input, ref answer.Entry, ref answer.Open)) { Duration = FuseDuration.Change },
        new FuseDataRow(FuseOpcode.Read, FuseDataHandlers.Read) { Duration = FuseDuration.Read },
        new FuseDataRow(FuseOpcode.Write, FuseDataHandlers.Write) { Duration = FuseDuration.Long },
        new FuseRow<FuseFlushIn, FuseNothing>(FuseOpcode.Flush, static (fs, in c, in input, _, ref _) =>
            fs.Flush(in c, in input)),
        new FuseRow<FuseReleaseIn, FuseNothing>(FuseOpcode.Release, static (fs, in c, in input, _, ref _) =>
            fs.Release(in c, in input)),
        new FuseRow<FuseFSyncIn, FuseNothing>(FuseOpcode.FSync, static (fs, in c, in input, _, ref _) =>
            fs.FSync(in c, in input)) { Duration = FuseDuration.Long },
        new FuseRow<FuseOpenIn, FuseOpenOut>(FuseOpcode.OpenDir, static (fs, in c, in input, _, ref answer) =>
            fs.OpenDir(in c, in input, ref answer)),
        new FuseDataRow(FuseOpcode.ReadDir, FuseDataHandlers.ReadDir),
        new FuseDataRow(FuseOpcode.ReadDirPlus, FuseDataHandlers.ReadDir),
        new FuseRow<FuseReleaseIn, FuseNothing>(FuseOpcode.ReleaseDir, static (fs, in c, in input, _, ref _) =>
            fs.ReleaseDir(in c, in input)),
        new FuseRow<FuseFSyncIn, FuseNothing>(FuseOpcode.FSyncDir, static (fs, in c, in input, _, ref _) =>
            fs.FSyncDir(in c, in input)) { Duration = FuseDuration.Long },
        new FuseRow<FuseFAllocateIn, FuseNothing>(FuseOpcode.FAllocate, static (fs, in c, in input, _, ref _) =>
            fs.FAllocate(in c, in input)) { Duration = FuseDuration.Long },
        new FuseRow<FuseLSeekIn, FuseLSeekOut>(FuseOpcode.LSeek, static (fs, in c, in input, _, ref answer) =>
            fs.LSeek(in c, in input, out answer.Position)),
        new FuseRow<FuseCopyFileRangeIn, FuseWriteOut>(FuseOpcode.CopyFileRange, CopyFileRange)
            { Duration = FuseDuration.Long },
        new FuseRow<FuseCopyFileRangeIn, FuseCopyFileRangeOut>(FuseOpcode.CopyFileRange64,
            static (fs, in c, in input, _, ref answer) => fs.CopyFileRange(in c, in input, out answer.SizeBytes))
            { Duration = FuseDuration.Long },
        new FuseDataRow(FuseOpcode.IoCtl, FuseDataHandlers.IoCtl) { Duration = FuseDuration.Long },
        new FuseRow<FuseBMapIn, FuseBMapOut>(FuseOpcode.BMap, static (fs, in c, in input, _, ref answer) =>
            fs.BMap(in c, in input, out answer.Block)),
        new FuseRow<FusePollIn, FusePollOut>(FuseOpcode.Poll, static (fs, in c, in input, _, ref answer) =>
            fs.Poll(in c, in input, out answer.ReadyEvents)),
        new FuseRow<FuseLkIn, FuseLkOut>(FuseOpcode.GetLk, static (fs, in c, in input, _, ref answer) =>
            fs.GetLk(in c, in input, ref answer)),
        new FuseRow<FuseLkIn, FuseNothing>(FuseOpcode.SetLk, static (fs, in c, in input, _, ref _) =>
            fs.SetLk(in c, in input, waits: false)),
        new FuseRow<FuseLkIn, FuseNothing>(FuseOpcode.SetLkW, static (fs, in c, in input, _, ref _) =>
            fs.SetLk(in c, in input, waits: true)) { Duration = FuseDuration.Long },

        // The whole filesystem and the session.
        new FuseRow<FuseNothing, FuseStatFsOut>(FuseOpcode.StatFs, static (fs, in c, in _, _, ref answer) =>
            fs.StatFs(in c, ref answer)),
        new FuseRow<FuseSyncFsIn, FuseNothing>(FuseOpcode.SyncFs, static (fs, in c, in _, _, ref _) =>
            fs.SyncFs(in c)) { Duration = FuseDuration.Long },
        new FuseDataRow(FuseOpcode.Init, FuseDataHandlers.InitAgain),
        new FuseDataRow(FuseOpcode.Interrupt, FuseDataHandlers.Interrupt) { IsAnswered = false },
        new FuseDataRow(FuseOpcode.NotifyReply, FuseDataHandlers.NotifyReply) { IsAnswered = false },
        new FuseDataRow(FuseOpcode.Destroy, FuseDataHandlers.Destroy),
    ];

    private static readonly FuseRow?[] ByOpcode = Index(Rows);

    /// <summary>The row of an operation; null for an unknown one.</summary>
    public static FuseRow? RowOf(FuseOpcode opcode) =>
        (uint)opcode < (uint)ByOpcode.Length ? ByOpcode[(int)opcode] : null;

    private static int CopyFileRange(IFuseFileSystem fs, scoped in FuseContext context,
        scoped in FuseCopyFileRangeIn input, scoped FuseNames names, scoped ref FuseWriteOut answer)
    {
        FuseCopyFileRangeIn limited = input;
        limited.LengthBytes = Math.Min(limited.LengthBytes, CopyBytesMax);
        int error = fs.CopyFileRange(in context, in limited, out ulong copiedBytes);
        answer.SizeBytes = (uint)copiedBytes;
        return error;
    }

    private static FuseRow?[] Index(FuseRow[] rows)
    {
        var byOpcode = new FuseRow?[(int)FuseOpcode.CopyFileRange64 + 1];
        foreach (FuseRow row in rows) byOpcode[(int)row.Opcode] = row;
        return byOpcode;
    }
}
