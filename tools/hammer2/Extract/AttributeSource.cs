// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Extract;

/// <summary>Reads the extended attributes of objects of a PFS.</summary>
/// <param name="vnodes">The PFS.</param>
/// <param name="result">Counts those that the target does not take.</param>
internal sealed class AttributeSource(VnodeOps vnodes, ExtractResult result)
{
    private readonly byte[] _names = new byte[AttributeList.NamesBytesMax];
    private readonly byte[] _value = new byte[AttributeList.ValueBytesMax];

    /// <summary>Reads those of an object.</summary>
    /// <returns>What kept some from being read; the others were.</returns>
    public Errno Read(ulong inum, out TargetExtendedAttributes attributes)
    {
        attributes = new TargetExtendedAttributes(result.AddLostAttribute);
        Errno error = vnodes.ListExtendedAttributes(inum, showsTrusted: true, _names, out int namesBytes);
        if (error != Errno.None || namesBytes > _names.Length) return error;
        foreach (Range part in _names.AsSpan(0, namesBytes).Split((byte)0))
        {
            byte[] name = _names[part];
            if (name.Length == 0) continue;
            Errno failed = vnodes.GetExtendedAttribute(inum, name, _value, out int bytes);
            if (failed == Errno.None) attributes.Add(name, _value[..bytes]);
            else error = failed;
        }
        return error;
    }
}
