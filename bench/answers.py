"""The canned answers of the benchmarks' server."""
import json

PAGES = 4
KEYS = 1000
ITEMS = 930
INSTANCES = 100


def page(number):
    """A page of ListObjectsV2. Its keys begin with the name of the page that follows, so that a marker (the last key) leads there as the token does."""
    after = f"page-{(number + 1) % PAGES}"
    items = "".join(
        f"<Contents><Key>{after}/events/year=2025/month=06/day=15/part-{i:05d}.snappy.parquet</Key>"
        f"<LastModified>2025-06-15T12:{i // 60 % 60:02d}:{i % 60:02d}.000Z</LastModified><ETag>&quot;{i:032x}&quot;</ETag>"
        f"<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>{i * 7919 + 1024}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for i in range(KEYS))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>list</Name><Prefix></Prefix>'
        f"<NextContinuationToken>{after}</NextContinuationToken><KeyCount>{KEYS}</KeyCount><MaxKeys>{KEYS}</MaxKeys><IsTruncated>true</IsTruncated>{items}</ListBucketResult>")


def attributes(i):
    """A small item of many types, as DynamoDB writes it."""
    return {"pk": {"S": f"user#{i // 10:04d}"}, "sk": {"S": f"2025-06-15T12:{i // 60 % 60:02d}:{i % 60:02d}Z#{i:05d}"}, "kind": {"S": "click"}, "n": {"N": str(i * 7919)},
            "ok": {"BOOL": i % 3 == 0}, "price": {"N": f"{i % 997}.{i % 100:02d}"}, "tags": {"L": [{"S": "red"}, {"S": "blue"}]},
            "at": {"M": {"x": {"N": str(i % 640)}, "y": {"N": str(i % 480)}}}}


def item():
    """GetItem of 4 KB."""
    return compact({"Item": {"pk": {"S": "item"}, **{f"part{i:02d}": {"M": attributes(i)} for i in range(17)}}})


def items():
    """Query of 205 KB."""
    return compact({"Count": ITEMS, "Items": [attributes(i) for i in range(ITEMS)], "ScannedCount": ITEMS})


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def instance(i):
    """One instance as DescribeInstances tells it."""
    address = f"10.0.{i // 250}.{i % 250 + 1}"
    group = "<groupSet><item><groupId>sg-0123456789abcdef0</groupId><groupName>web</groupName></item></groupSet>"
    return (
        f"<item><reservationId>r-{i:017x}</reservationId><ownerId>123456789012</ownerId><groupSet/><instancesSet><item><instanceId>i-{i:017x}</instanceId><imageId>ami-0abcdef1234567890</imageId>"
        f"<instanceState><code>16</code><name>running</name></instanceState><privateDnsName>ip-10-0-{i // 250}-{i % 250 + 1}.ec2.internal</privateDnsName><dnsName/><reason/><keyName>ops</keyName>"
        "<amiLaunchIndex>0</amiLaunchIndex><productCodes/><instanceType>m6i.large</instanceType><launchTime>2025-06-15T12:00:00.000Z</launchTime><placement><availabilityZone>us-east-1a</availabilityZone>"
        f"<groupName/><tenancy>default</tenancy></placement><monitoring><state>disabled</state></monitoring><subnetId>subnet-0123456789abcdef0</subnetId><vpcId>vpc-0123456789abcdef0</vpcId>"
        f"<privateIpAddress>{address}</privateIpAddress><sourceDestCheck>true</sourceDestCheck>{group}<architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>"
        f"<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-{i:017x}</volumeId><status>attached</status><attachTime>2025-06-15T12:00:01.000Z</attachTime>"
        "<deleteOnTermination>true</deleteOnTermination></ebs></item></blockDeviceMapping><virtualizationType>hvm</virtualizationType><clientToken/>"
        f"<tagSet><item><key>Name</key><value>web-{i}</value></item><item><key>team</key><value>platform &amp; edge</value></item><item><key>stage</key><value>production</value></item></tagSet><hypervisor>xen</hypervisor>"
        f"<networkInterfaceSet><item><networkInterfaceId>eni-{i:017x}</networkInterfaceId><subnetId>subnet-0123456789abcdef0</subnetId><vpcId>vpc-0123456789abcdef0</vpcId><description/><ownerId>123456789012</ownerId>"
        f"<status>in-use</status><macAddress>02:00:00:00:{i // 256:02x}:{i % 256:02x}</macAddress><privateIpAddress>{address}</privateIpAddress><sourceDestCheck>true</sourceDestCheck>{group}"
        f"<attachment><attachmentId>eni-attach-{i:017x}</attachmentId><deviceIndex>0</deviceIndex><status>attached</status><attachTime>2025-06-15T12:00:00.000Z</attachTime><deleteOnTermination>true</deleteOnTermination>"
        f"<networkCardIndex>0</networkCardIndex></attachment><privateIpAddressesSet><item><privateIpAddress>{address}</privateIpAddress><primary>true</primary></item></privateIpAddressesSet><ipv6AddressesSet/>"
        "<interfaceType>interface</interfaceType></item></networkInterfaceSet><ebsOptimized>true</ebsOptimized><cpuOptions><coreCount>1</coreCount><threadsPerCore>2</threadsPerCore></cpuOptions>"
        "<capacityReservationSpecification><capacityReservationPreference>open</capacityReservationPreference></capacityReservationSpecification><hibernationOptions><configured>false</configured></hibernationOptions>"
        "<metadataOptions><state>applied</state><httpTokens>required</httpTokens><httpPutResponseHopLimit>2</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint></metadataOptions>"
        "<enclaveOptions><enabled>false</enabled></enclaveOptions><platformDetails>Linux/UNIX</platformDetails><usageOperation>RunInstances</usageOperation></item></instancesSet></item>")


def instances():
    """DescribeInstances."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId><reservationSet>'
        + "".join(instance(i) for i in range(INSTANCES)) + "</reservationSet></DescribeInstancesResponse>").encode()
