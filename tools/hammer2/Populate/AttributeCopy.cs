// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Tool.Extract;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Populate;

/// <summary>Copies the extended attributes of objects of the host, ACLs among them.</summary>
/// <param name="ops">Operations of a writable PFS that do not inherit ACLs.</param>
/// <param name="result">Counts those that cannot be stored.</param>
internal sealed class AttributeCopy(VnodeOps ops, PopulateResult result)
{
    private const int NoData = 61; // ENODATA: removed meanwhile

    /// <summary>Copies those of an object.</summary>
    /// <param name="directory">The directory that it is in.</param>
    /// <param name="name">Its name there; empty for the directory itself.</param>
    /// <param name="inum">Its copy.</param>
    /// <returns>What keeps other objects from being stored as well.</returns>
    public Errno Run(int directory, byte[] name, ulong inum)
    {
        byte[] path = LinuxAttributes.PathOf(directory, name);
        int listBytes = 0, namesBytes = 0;
        foreach (byte[] attribute in LinuxAttributes.List(path))
        {
            int failed = LinuxAttributes.Read(path, attribute, out byte[] value);
            if (failed == NoData) continue;
            // An object of another filesystem may have more than one of this one can.
            int list = listBytes + AttributeList.HeadBytes + attribute.Length + value.Length;
            int names = namesBytes + attribute.Length + 1;
            bool fits = list <= AttributeList.BytesMax && names <= AttributeList.NamesBytesMax;
            Errno error = Errno.EOPNOTSUPP;
            if (failed == 0 && fits) error = ops.SetExtendedAttribute(inum, attribute, value, AttributeSetting.None);
            if (error == Errno.None) (listBytes, namesBytes) = (list, names);
            else if (error is Errno.EOPNOTSUPP or Errno.EINVAL) result.AddLostAttribute(attribute);
            else return error;
        }
        return Errno.None;
    }
}
