// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Chains.Trees;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Places a hold on a PFS, or releases one. One that is in use for writing is the PFS that the commit is of:
/// the root that the commit writes gets the hold, and later commits keep it.</summary>
internal sealed class HoldEdit : PfsRootEdit
{
    private readonly byte[] _label;
    private readonly MediaUuid _clusterId;
    private readonly PfsHold _hold;
    private readonly bool _isRelease;

    /// <param name="label">Label of the PFS.</param>
    /// <param name="clusterId">Its cluster: a node that has another PFS under this label keeps it as it is.</param>
    /// <param name="hold">The hold; of a release only its name counts.</param>
    /// <param name="isRelease">True to release it.</param>
    public HoldEdit(byte[] label, MediaUuid clusterId, PfsHold hold, bool isRelease) =>
        (_label, _clusterId, _hold, _isRelease) = (label, clusterId, hold, isRelease);

    /// <inheritdoc/>
    public override Hammer2Error Apply(in PfsRootTurn turn)
    {
        if (turn.Source is { } source && source.Meta.PfsClusterId == _clusterId
            && source.InodeName.SequenceEqual(_label)) return ApplyToSource(turn, source);
        Hammer2Error error = turn.FindOwn(_label, _clusterId, out Chain? root);
        if (root is null) return error;
        error = After(root, _hold, _isRelease, out byte[] after);
        return error == Hammer2Error.None
            ? turn.Rewrite(root, new InodeName(_label, after), root.Reference.Key)
            : error;
    }

    private Hammer2Error ApplyToSource(in PfsRootTurn turn, Chain source)
    {
        // An earlier edit of the same commit may have replaced it.
        Chain root = turn.Exchange!.Root ?? source;
        Hammer2Error error = After(root, _hold, _isRelease, out byte[] after);
        if (error != Hammer2Error.None) return error;
        error = turn.Rewrite(root, new InodeName(_label, after), root.Reference.Key, out Chain? written);
        if (error == Hammer2Error.None) turn.Exchange.Root = written;
        return error;
    }

    /// <summary>What follows the label in a root once it is held, or released.</summary>
    /// <returns>None; Exists when it has a hold of this name, NoEntry when a release finds none, TooLarge when there is
    /// no space for one more, NotSupported when the holds are of another version.</returns>
    public static Hammer2Error After(Chain root, PfsHold hold, bool isRelease, out byte[] after)
    {
        after = [];
        var holds = new List<PfsHold>();
        if (!PfsHolds.TryRead(root.AfterInodeName, holds)) return Hammer2Error.NotSupported;
        int index = holds.FindIndex(held => held.Name.Span.SequenceEqual(hold.Name.Span));
        if (isRelease != index >= 0) return isRelease ? Hammer2Error.NoEntry : Hammer2Error.Exists;
        if (isRelease) holds.RemoveAt(index);
        else holds.Add(hold);
        bool isWritten = PfsHolds.TryWrite(holds, root.InodeName.Length, out byte[] written)
            && RootNames.TryWithHolds(root, written, out after);
        return isWritten ? Hammer2Error.None : Hammer2Error.TooLarge;
    }
}
