// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Snapshots.Diff;

/// <summary>Compares the attributes of an object in two trees.</summary>
internal static class AttributeComparison
{
    /// <summary>In what two inodes of one number and type differ, but for their content.</summary>
    public static DifferenceDetails Of(in InodeMeta old, in InodeMeta now)
    {
        var details = DifferenceDetails.None;
        if (old.Mode != now.Mode) details |= DifferenceDetails.Mode;
        if (old.UserId.UnixId != now.UserId.UnixId) details |= DifferenceDetails.Owner;
        if (old.GroupId.UnixId != now.GroupId.UnixId) details |= DifferenceDetails.Group;
        if (old.UserFlags != now.UserFlags) details |= DifferenceDetails.Flags;
        if (old.DeviceMajor != now.DeviceMajor || old.DeviceMinor != now.DeviceMinor)
            details |= DifferenceDetails.DeviceNumber;
        if (old.ModifyTime != now.ModifyTime) details |= DifferenceDetails.ModifyTime;
        if (old.CompressionPolicy != now.CompressionPolicy) details |= DifferenceDetails.Compression;
        if (old.CheckPolicy != now.CheckPolicy) details |= DifferenceDetails.CheckMethod;
        return details;
    }
}
