// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>Reads a request's records, asks the filesystem, and appends its answer; 0 or an error
/// number.</summary>
internal delegate int FuseHandler(
    FuseDispatcher dispatcher, scoped in FuseContext context, scoped ref FuseRequest request,
    scoped ref FuseReply reply);

/// <summary>For how long an operation keeps the worker that serves it.</summary>
internal enum FuseDuration
{
    /// <summary>For some microseconds, as a rule.</summary>
    Short,

    /// <summary>That depends on the device: expected to be as the last one was.</summary>
    Varies,

    /// <summary>It may wait for a device, for a commit or for space.</summary>
    Long,
}

/// <summary>One operation.</summary>
/// <param name="Opcode">Its number.</param>
/// <param name="Handler">What serves it.</param>
/// <param name="IsAnswered">True when the kernel wants an answer.</param>
/// <param name="Duration">How long that takes.</param>
internal sealed record FuseRow(
    FuseOpcode Opcode, FuseHandler Handler, bool IsAnswered = true, FuseDuration Duration = FuseDuration.Short);

/// <content>One row per operation.</content>
public sealed partial class FuseDispatcher
{
    private static readonly FuseRow[] Rows =
    [
        new(FuseOpcode.Lookup, Lookup),
        new(FuseOpcode.Forget, Forget, IsAnswered: false),
        new(FuseOpcode.GetAttr, GetAttr),
        new(FuseOpcode.SetAttr, SetAttr, Duration: FuseDuration.Long),
        new(FuseOpcode.ReadLink, ReadLink),
        new(FuseOpcode.Symlink, Symlink),
        new(FuseOpcode.MkNod, MkNod),
        new(FuseOpcode.MkDir, MkDir),
        new(FuseOpcode.Unlink, Unlink),
        new(FuseOpcode.RmDir, RmDir),
        new(FuseOpcode.Rename, Rename),
        new(FuseOpcode.Link, Link),
        new(FuseOpcode.Open, Open),
        new(FuseOpcode.Read, Read, Duration: FuseDuration.Varies),
        new(FuseOpcode.Write, Write, Duration: FuseDuration.Long),
        new(FuseOpcode.StatFs, StatFs),
        new(FuseOpcode.Release, Release),
        new(FuseOpcode.FSync, FSync, Duration: FuseDuration.Long),
        new(FuseOpcode.SetXAttr, SetXAttr),
        new(FuseOpcode.GetXAttr, GetXAttr),
        new(FuseOpcode.ListXAttr, ListXAttr),
        new(FuseOpcode.RemoveXAttr, RemoveXAttr),
        new(FuseOpcode.Flush, Flush),
        new(FuseOpcode.Init, InitAgain),
        new(FuseOpcode.OpenDir, OpenDir),
        new(FuseOpcode.ReadDir, ReadDir),
        new(FuseOpcode.ReleaseDir, ReleaseDir),
        new(FuseOpcode.FSyncDir, FSyncDir, Duration: FuseDuration.Long),
        new(FuseOpcode.GetLk, GetLk),
        new(FuseOpcode.SetLk, SetLk),
        new(FuseOpcode.SetLkW, SetLk),
        new(FuseOpcode.Access, Access),
        new(FuseOpcode.Create, Create),
        new(FuseOpcode.Interrupt, Interrupt, IsAnswered: false),
        new(FuseOpcode.BMap, BMap),
        new(FuseOpcode.Destroy, Farewell),
        new(FuseOpcode.IoCtl, IoCtl, Duration: FuseDuration.Long),
        new(FuseOpcode.Poll, Poll),
        new(FuseOpcode.NotifyReply, NotifyReply, IsAnswered: false),
        new(FuseOpcode.BatchForget, BatchForget, IsAnswered: false),
        new(FuseOpcode.FAllocate, FAllocate, Duration: FuseDuration.Long),
        new(FuseOpcode.ReadDirPlus, ReadDir),
        new(FuseOpcode.Rename2, Rename2),
        new(FuseOpcode.LSeek, LSeek),
        new(FuseOpcode.CopyFileRange, CopyFileRange, Duration: FuseDuration.Long),
        new(FuseOpcode.SyncFs, SyncFs, Duration: FuseDuration.Long),
        new(FuseOpcode.TmpFile, TmpFile),
        new(FuseOpcode.StatX, StatX),
        new(FuseOpcode.CopyFileRange64, CopyFileRange64, Duration: FuseDuration.Long),
    ];

    private static readonly FuseRow?[] ByOpcode = Index(Rows);

    /// <summary>For how long an operation keeps its worker.</summary>
    internal static FuseDuration DurationOf(FuseOpcode opcode) => RowOf(opcode)?.Duration ?? FuseDuration.Short;

    private static FuseRow? RowOf(FuseOpcode opcode) =>
        (uint)opcode < (uint)ByOpcode.Length ? ByOpcode[(int)opcode] : null;

    private static FuseRow?[] Index(FuseRow[] rows)
    {
        var byOpcode = new FuseRow?[(int)FuseOpcode.CopyFileRange64 + 1];
        foreach (FuseRow row in rows) byOpcode[(int)row.Opcode] = row;
        return byOpcode;
    }
}
